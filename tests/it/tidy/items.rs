//! The reading of items: what a file imports, declares and defines, and where.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;

use proc_macro2::{Span, TokenStream};
use syn::spanned::Spanned as _;
use syn::visit::{self, Visit};

/// One name that a `use` brings in.
#[derive(Clone, Debug)]
pub(crate) struct Import {
    /// The name in this file; `*` for all names of a module.
    pub(crate) name: String,
    /// The path as it is written.
    pub(crate) path: String,
}

/// One `impl` block.
#[derive(Debug)]
pub(crate) struct ImplBlock {
    /// The name of the type.
    pub(crate) of: String,
    /// The functions that belong to the type, none for the `impl` of a trait.
    pub(crate) methods: Vec<String>,
    pub(crate) lines: RangeInclusive<usize>,
}

/// The items of one file, those inside functions too.
#[derive(Debug, Default)]
pub(crate) struct Items {
    pub(crate) imports: Vec<Import>,
    /// The imports behind `pub`, which others may name here.
    pub(crate) exports: Vec<Import>,
    pub(crate) import_lines: BTreeSet<usize>,
    /// The files that it declares: `mod name;`.
    pub(crate) modules: Vec<String>,
    /// The structs, enums, unions, traits and aliases that it defines.
    pub(crate) types: Vec<String>,
    /// The functions with a body, each with its lines.
    pub(crate) functions: Vec<(String, RangeInclusive<usize>)>,
    pub(crate) impls: Vec<ImplBlock>,
    /// The items of the file itself that are neither `mod name;` nor `use`, by their first words.
    pub(crate) definitions: Vec<String>,
}

impl Items {
    pub(crate) fn read(tokens: TokenStream) -> syn::Result<Self> {
        let file: syn::File = syn::parse2(tokens)?;
        let mut items = Self::default();
        items.visit_file(&file);
        items.definitions = file.items.iter().filter_map(definition).collect();
        Ok(items)
    }

    fn function(&mut self, signature: &syn::Signature, body: &syn::Block) {
        let lines = signature.span().start().line..=body.span().end().line;
        self.functions.push((signature.ident.to_string(), lines));
    }
}

/// The names that a `use` brings in, behind the beginning of their paths.
fn imported(tree: &syn::UseTree, beginning: &str) -> Vec<Import> {
    let longer = |name: &syn::Ident| {
        if beginning.is_empty() { name.to_string() } else { format!("{beginning}::{name}") }
    };
    let (name, path) = match tree {
        syn::UseTree::Path(tree) => return imported(&tree.tree, &longer(&tree.ident)),
        syn::UseTree::Group(group) => return group.items.iter().flat_map(|tree| imported(tree, beginning)).collect(),
        syn::UseTree::Name(tree) if tree.ident == "self" => {
            (beginning.rsplit("::").next().unwrap_or_default().to_owned(), beginning.to_owned())
        }
        syn::UseTree::Name(tree) => (tree.ident.to_string(), longer(&tree.ident)),
        syn::UseTree::Rename(tree) if tree.ident == "self" => (tree.rename.to_string(), beginning.to_owned()),
        syn::UseTree::Rename(tree) => (tree.rename.to_string(), longer(&tree.ident)),
        syn::UseTree::Glob(_) => ("*".to_owned(), beginning.to_owned()),
    };
    vec![Import { name, path }]
}

impl<'ast> Visit<'ast> for Items {
    fn visit_item_use(&mut self, item: &'ast syn::ItemUse) {
        self.import_lines.extend(lines(item.span()));
        let names = imported(&item.tree, "");
        if !matches!(item.vis, syn::Visibility::Inherited) {
            self.exports.extend(names.iter().cloned());
        }
        self.imports.extend(names);
    }

    fn visit_item_mod(&mut self, item: &'ast syn::ItemMod) {
        if item.content.is_none() {
            self.modules.push(item.ident.to_string());
        }
        visit::visit_item_mod(self, item);
    }

    fn visit_item_struct(&mut self, item: &'ast syn::ItemStruct) {
        self.types.push(item.ident.to_string());
    }

    fn visit_item_enum(&mut self, item: &'ast syn::ItemEnum) {
        self.types.push(item.ident.to_string());
    }

    fn visit_item_union(&mut self, item: &'ast syn::ItemUnion) {
        self.types.push(item.ident.to_string());
    }

    fn visit_item_type(&mut self, item: &'ast syn::ItemType) {
        self.types.push(item.ident.to_string());
    }

    fn visit_item_trait(&mut self, item: &'ast syn::ItemTrait) {
        self.types.push(item.ident.to_string());
        visit::visit_item_trait(self, item);
    }

    fn visit_item_fn(&mut self, item: &'ast syn::ItemFn) {
        self.function(&item.sig, &item.block);
        visit::visit_item_fn(self, item);
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        self.function(&item.sig, &item.block);
        visit::visit_impl_item_fn(self, item);
    }

    fn visit_trait_item_fn(&mut self, item: &'ast syn::TraitItemFn) {
        if let Some(body) = &item.default {
            self.function(&item.sig, body);
        }
        visit::visit_trait_item_fn(self, item);
    }

    fn visit_item_impl(&mut self, item: &'ast syn::ItemImpl) {
        if let syn::Type::Path(of) = &*item.self_ty
            && let Some(name) = of.path.segments.last()
        {
            let functions = item.items.iter().filter_map(|item| match item {
                syn::ImplItem::Fn(function) => Some(function.sig.ident.to_string()),
                _ => None,
            });
            let methods = if item.trait_.is_none() { functions.collect() } else { Vec::new() };
            self.impls.push(ImplBlock { of: name.ident.to_string(), methods, lines: lines(item.span()) });
        }
        visit::visit_item_impl(self, item);
    }
}

fn lines(span: Span) -> RangeInclusive<usize> {
    span.start().line..=span.end().line
}

/// The first line of an item that defines something.
fn definition(item: &syn::Item) -> Option<String> {
    match item {
        syn::Item::Use(_) => None,
        syn::Item::Mod(module) if module.content.is_none() => None,
        item => item.span().source_text().map(|text| text.lines().next().unwrap_or_default().to_owned()),
    }
}
