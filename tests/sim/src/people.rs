//! The people of the simulated world: the n-th person is the same in every run, on both sides.
//!
//! It knows neither product. Names are varied on purpose: umlauts and other letters that Unicode can also write as a letter and a
//! combining mark, apostrophes, hyphens, blanks inside a name.

/// One person, as an employer's records know them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The given name.
    pub given: &'static str,
    /// The family name.
    pub family: &'static str,
    /// The address at work; no two people share one.
    pub email: String,
    /// The city of the office.
    pub city: &'static str,
    /// The country of the office, ISO 3166-1 alpha-2.
    pub country_code: &'static str,
    /// The department.
    pub department: &'static str,
    /// The job title.
    pub title: &'static str,
    /// Seven digits; leading zeros belong to it.
    pub employee_number: String,
}

/// A name as it is written, and as it stands in an address.
type Name = (&'static str, &'static str);

const GIVEN: [Name; 40] = [
    ("Ada", "ada"),
    ("Jürgen", "juergen"),
    ("Zoë", "zoe"),
    ("Mikko", "mikko"),
    ("Aino", "aino"),
    ("Björn", "bjoern"),
    ("Anne-Marie", "anne-marie"),
    ("Élodie", "elodie"),
    ("François", "francois"),
    ("Grace", "grace"),
    ("Heikki", "heikki"),
    ("Inês", "ines"),
    ("Jean Luc", "jeanluc"),
    ("Käthe", "kaethe"),
    ("Łukasz", "lukasz"),
    ("Małgorzata", "malgorzata"),
    ("Niamh", "niamh"),
    ("Øyvind", "oyvind"),
    ("Päivi", "paeivi"),
    ("Quentin", "quentin"),
    ("Renée", "renee"),
    ("Søren", "soren"),
    ("Tomáš", "tomas"),
    ("Ulla", "ulla"),
    ("Vojtěch", "vojtech"),
    ("Wolfgang", "wolfgang"),
    ("Ximena", "ximena"),
    ("Yağmur", "yagmur"),
    ("Žofie", "zofie"),
    ("Åsa", "asa"),
    ("Alan", "alan"),
    ("Barbara", "barbara"),
    ("Claude", "claude"),
    ("D'Arcy", "darcy"),
    ("Edsger", "edsger"),
    ("Frances", "frances"),
    ("Günther", "guenther"),
    ("Hedy", "hedy"),
    ("Ivana", "ivana"),
    ("Juhani", "juhani"),
];

const FAMILY: [Name; 60] = [
    ("Lovelace", "lovelace"),
    ("Müller", "mueller"),
    ("O'Brien", "obrien"),
    ("Virtanen", "virtanen"),
    ("Mäkinen", "maekinen"),
    ("D'Angelo", "dangelo"),
    ("Groß", "gross"),
    ("Lefèvre", "lefevre"),
    ("Nováková", "novakova"),
    ("Hopper", "hopper"),
    ("Korhonen", "korhonen"),
    ("Schäfer", "schaefer"),
    ("van der Berg", "vanderberg"),
    ("García", "garcia"),
    ("Dvořák", "dvorak"),
    ("Weiß", "weiss"),
    ("Hämäläinen", "haemaelaeinen"),
    ("Beauvoir", "beauvoir"),
    ("Çelik", "celik"),
    ("Nygård", "nygard"),
    ("Turing", "turing"),
    ("Liskov", "liskov"),
    ("Shannon", "shannon"),
    ("Dijkstra", "dijkstra"),
    ("Allen", "allen"),
    ("Lamarr", "lamarr"),
    ("Zuse", "zuse"),
    ("Noether", "noether"),
    ("Gödel", "goedel"),
    ("Erdős", "erdos"),
    ("Hilbert", "hilbert"),
    ("Kovalevskaya", "kovalevskaya"),
    ("Ångström", "angstrom"),
    ("Kučera", "kucera"),
    ("Peña", "pena"),
    ("Saint-Exupéry", "saint-exupery"),
    ("Löfgren", "loefgren"),
    ("Nieminen", "nieminen"),
    ("Laine", "laine"),
    ("Heikkinen", "heikkinen"),
    ("Koskinen", "koskinen"),
    ("Järvinen", "jaervinen"),
    ("Lehtonen", "lehtonen"),
    ("Schmidt", "schmidt"),
    ("Schneider", "schneider"),
    ("Fischer", "fischer"),
    ("Weber", "weber"),
    ("Wagner", "wagner"),
    ("Becker", "becker"),
    ("Hoffmann", "hoffmann"),
    ("Dubois", "dubois"),
    ("Moreau", "moreau"),
    ("Laurent", "laurent"),
    ("Keller", "keller"),
    ("Brunner", "brunner"),
    ("Gruber", "gruber"),
    ("Huber", "huber"),
    ("Pichler", "pichler"),
    ("Smith", "smith"),
    ("Mc Carthy", "mccarthy"),
];

const OFFICES: [(&str, &str); 12] = [
    ("Berlin", "DE"),
    ("München", "DE"),
    ("Helsinki", "FI"),
    ("Jyväskylä", "FI"),
    ("Wien", "AT"),
    ("Graz", "AT"),
    ("Zürich", "CH"),
    ("Genève", "CH"),
    ("Paris", "FR"),
    ("Besançon", "FR"),
    ("Dublin", "IE"),
    ("Dún Laoghaire", "IE"),
];

const DEPARTMENTS: [&str; 8] =
    ["Engineering", "Sales", "People & Culture", "Finance", "Legal", "Support", "Research", "Facilities"];

const TITLES: [&str; 8] =
    ["Engineer", "Manager", "Accountant", "Counsel", "Technician", "Director", "Analyst", "Assistant"];

/// The `i`-th person. Neighbours differ in everything.
#[must_use]
pub fn person(i: u32) -> Person {
    let mixed = mix(i);
    let (given, given_ascii) = pick(&GIVEN, mixed);
    let (family, family_ascii) = pick(&FAMILY, mixed >> 8);
    let (city, country_code) = pick(&OFFICES, mixed >> 16);
    Person {
        given,
        family,
        email: format!("{given_ascii}.{family_ascii}.{i}@example.com"),
        city,
        country_code,
        department: pick(&DEPARTMENTS, mixed >> 24),
        title: pick(&TITLES, mixed >> 28),
        employee_number: format!("{i:07}"),
    }
}

/// Spreads neighbouring numbers over all bits (the finaliser of `MurmurHash3`).
fn mix(i: u32) -> u64 {
    let mut x = u64::from(i).wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
    x = (x ^ (x >> 33)).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    x ^ (x >> 33)
}

fn pick<T: Copy>(from: &[T], mixed: u64) -> T {
    let at = usize::try_from(mixed % from.len() as u64).expect("a remainder by a length is an index");
    from[at]
}
