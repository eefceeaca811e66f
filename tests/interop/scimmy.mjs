/**
 * An intranet of its own: SCIMMY behind Express, with accounts and groups in memory.
 *
 *     node scimmy.mjs PORT TOKEN
 *
 * Everything about the protocol is SCIMMY's: schemas, filters, paging, PATCH, errors. Here is what it leaves to its users: where resources are
 * kept, that names are unique, and that whoever is deleted is in no group.
 */

import { randomUUID } from "node:crypto";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";

const [port, token] = process.argv.slice(2);
const ENTERPRISE = SCIMMY.Schemas.EnterpriseUser.definition.id;
const users = new Map();
const groups = new Map();

/** The extension in which this intranet keeps its profile fields. */
class ProfileFields extends SCIMMY.Types.Schema {
    static get id() {
        return ProfileFields.definition.id;
    }

    static definition = new SCIMMY.Types.SchemaDefinition(
        "ProfileFields", "urn:ietf:params:scim:schemas:extension:profile:2.0:User", "Profile fields",
        ["jobTitle", "location"].map((name) => new SCIMMY.Types.Attribute("string", `profileField_${name}`)),
    );

    constructor(resource, direction = "both", basepath, filters) {
        super(resource, direction);
        Object.assign(this, ProfileFields.definition.coerce(resource, direction, basepath, filters));
    }
}

/** Reads from a store: one by id, or all whom the filter lets through. */
const reads = (store) => (resource) => {
    if (resource.id === undefined) {
        const all = [...store.values()];
        return resource.filter === undefined ? all : resource.filter.match(all);
    }
    const found = store.get(resource.id);
    if (found === undefined) throw new SCIMMY.Types.Error(404, null, `Resource ${resource.id} not found`);
    return found;
};

/** Writes to a store: a POST has no id yet, and a PUT comes whole, as a PATCH does that SCIMMY has applied. */
const writes = (store, name) => (resource, data) => {
    const id = resource.id ?? randomUUID();
    const before = resource.id === undefined ? undefined : reads(store)(resource);
    const same = (other) => other.id !== id && other[name].toLowerCase() === data[name].toLowerCase();
    if ([...store.values()].some(same)) throw new SCIMMY.Types.Error(409, "uniqueness", `${name} ${data[name]} is taken`);
    const now = new Date();
    const kept = { ...data, id, meta: { created: before?.meta.created ?? now, lastModified: now } };
    store.set(id, kept);
    return kept;
};

SCIMMY.Resources.declare(SCIMMY.Resources.User)
    .extend(SCIMMY.Schemas.EnterpriseUser)
    .extend(ProfileFields)
    .egress(reads(users))
    .ingress((resource, data) => {
        const kept = writes(users, "userName")(resource, data);
        // RFC 7643, 4.3: who the manager is called is the server's business.
        const manager = kept[ENTERPRISE]?.manager;
        if (manager?.value) Object.assign(manager, { displayName: users.get(manager.value)?.displayName, $ref: `/v2/Users/${manager.value}` });
        return kept;
    })
    .degress((resource) => {
        reads(users)(resource);
        users.delete(resource.id);
        for (const group of groups.values()) group.members = group.members?.filter(({ value }) => value !== resource.id);
    });
SCIMMY.Schemas.Group.definition.extend([new SCIMMY.Types.Attribute("string", "description")]);
SCIMMY.Resources.declare(SCIMMY.Resources.Group)
    .egress(reads(groups))
    .ingress(writes(groups, "displayName"))
    .degress((resource) => {
        reads(groups)(resource);
        groups.delete(resource.id);
    });

const handler = (request) => {
    if (request.header("authorization") !== `Bearer ${token}`) throw new Error("Wrong token");
    return "interop";
};
const app = express();
app.use("/v2", new SCIMMYRouters({ type: "bearer", handler }));
const server = app.listen(Number(port), "127.0.0.1");
process.on("SIGTERM", () => {
    server.close();
    server.closeAllConnections();
});
