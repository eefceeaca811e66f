//! Words: the fixed names of an enum's values in reports, in events and in the store. `strum` makes them from the names in the code, so
//! there is no second list. A variant with a different name has `#[strum(serialize)]`.

/// A value with a fixed name for machines and readers.
pub trait Word {
    /// The name. It never changes, because stores, reports and alerts of other versions contain it.
    fn as_str(&self) -> &'static str;
}

impl<T> Word for T
where
    for<'a> &'static str: From<&'a T>,
{
    fn as_str(&self) -> &'static str {
        self.into()
    }
}
