//! Reads JSON that others write: in one pass over the body, borrowed where possible, without a tree in between.
//!
//! [`read`] takes a body and a seed. The seeds here are put together: [`Items`] gives each item of an array to a function, [`Object`] and
//! [`OrNone`] give the members of an object to a [`ReadObject`], which picks what it needs and skips the rest. A [`Lenient`] is a value
//! whose kind is not certain, such as an id that may be a text or a number.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use compact_str::CompactString;
use serde::Deserialize;
use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::Number;

/// Reads a whole body. JSON is UTF-8 (RFC 8259, 8.1), which is checked once for all of it and not for each text.
pub fn read<'de, S: DeserializeSeed<'de>>(body: &'de [u8], seed: S) -> Result<S::Value, serde_json::Error> {
    let text = std::str::from_utf8(body).map_err(serde_json::Error::custom)?;
    let mut deserializer = serde_json::Deserializer::from_str(text);
    let value = seed.deserialize(&mut deserializer)?;
    deserializer.end()?;
    Ok(value)
}

/// A text that is nearly always borrowed from the body, such as the name of a member.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub struct CowStr<'a>(#[serde(borrow)] Cow<'a, str>);

impl Deref for CowStr<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

/// Skips the value of a member.
pub fn skip<'de, A: MapAccess<'de>>(members: &mut A) -> Result<(), A::Error> {
    members.next_value::<IgnoredAny>().map(|_| ())
}

/// Reads the members of an object.
pub trait ReadObject<'de>: Sized {
    /// What an object is read into.
    type Value;

    /// What an error says was expected.
    const EXPECTED: &'static str = "an object";

    /// Reads all members.
    fn read<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error>;
}

/// An object; any other value is an error.
#[derive(Clone, Copy, Debug)]
pub struct Object<R>(pub R);

impl<'de, R: ReadObject<'de>> DeserializeSeed<'de> for Object<R> {
    type Value = R::Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<R::Value, D::Error> {
        let value = deserializer.deserialize_map(LenientVisitor(self.0))?;
        value.object().ok_or_else(|| D::Error::custom(R::EXPECTED))
    }
}

/// An object; any other value is `None`.
#[derive(Clone, Copy, Debug)]
pub struct OrNone<R>(pub R);

impl<'de, R: ReadObject<'de>> DeserializeSeed<'de> for OrNone<R> {
    type Value = Option<R::Value>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(LenientVisitor(self.0)).map(Lenient::object)
    }
}

/// The one member of an object that matters; `None` where it is missing.
#[derive(Clone, Copy, Debug)]
pub struct Member<S>(pub &'static str, pub S);

impl<'de, S: DeserializeSeed<'de> + Clone> ReadObject<'de> for Member<S> {
    type Value = Option<S::Value>;

    fn read<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let mut value = None;
        while let Some(name) = members.next_key::<CowStr<'de>>()? {
            if *name == *self.0 {
                value = Some(members.next_value_seed(self.1.clone())?);
            } else {
                skip(&mut members)?;
            }
        }
        Ok(value)
    }
}

/// The items of an array, each read by the seed `item` and given to `take`. The value says whether there is an array: null means that there
/// is no array, and any other value is an error.
#[derive(Clone, Copy, Debug)]
pub struct Items<S, F> {
    /// What an error says was expected.
    pub expected: &'static str,
    /// Reads one item.
    pub item: S,
    /// Takes one item.
    pub take: F,
}

impl<'de, S: DeserializeSeed<'de> + Clone, F: FnMut(S::Value)> DeserializeSeed<'de> for Items<S, F> {
    type Value = bool;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<bool, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de, S: DeserializeSeed<'de> + Clone, F: FnMut(S::Value)> Visitor<'de> for Items<S, F> {
    type Value = bool;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expected)
    }

    fn visit_unit<E>(self) -> Result<bool, E> {
        Ok(false)
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<bool, A::Error> {
        while let Some(item) = items.next_element_seed(self.item.clone())? {
            (self.take)(item);
        }
        Ok(true)
    }
}

/// A value whose kind is not certain.
#[derive(Clone, Debug, Default, PartialEq)]
pub enum Lenient<T = ()> {
    /// A text.
    Text(CompactString),
    /// A number.
    Number(Number),
    /// True or false.
    Bool(bool),
    /// An object.
    Object(T),
    /// Null, or an array.
    #[default]
    Other,
}

impl<T> Lenient<T> {
    /// The text, if it is one.
    pub fn text(&self) -> Option<&str> {
        if let Self::Text(text) = self { Some(text) } else { None }
    }

    /// A whole number, also one that is written as a text.
    pub fn whole_number(&self) -> Option<u64> {
        match self {
            Self::Number(number) => number.as_u64(),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Bool(_) | Self::Object(_) | Self::Other => None,
        }
    }

    fn object(self) -> Option<T> {
        if let Self::Object(value) = self { Some(value) } else { None }
    }
}

impl<'de> Deserialize<'de> for Lenient {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LenientVisitor(()))
    }
}

/// Skips an object.
impl<'de> ReadObject<'de> for () {
    type Value = ();

    fn read<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }
}

struct LenientVisitor<R>(R);

impl<'de, R: ReadObject<'de>> Visitor<'de> for LenientVisitor<R> {
    type Value = Lenient<R::Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(R::EXPECTED)
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(Lenient::Text(text.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(Lenient::Number(number.into()))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(Lenient::Number(number.into()))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(Number::from_f64(number).map_or(Lenient::Other, Lenient::Number))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(Lenient::Bool(value))
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Lenient::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self::Value, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Lenient::Other)
    }

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        self.0.read(members).map(Lenient::Object)
    }
}

#[cfg(test)]
mod tests {
    use std::marker::PhantomData;

    use serde::de::{DeserializeSeed, MapAccess};

    use super::{CowStr, Items, Lenient, Member, Object, OrNone, ReadObject, read};

    /// The value of the last member named `n`.
    #[derive(Clone, Copy)]
    struct N;

    impl<'de> ReadObject<'de> for N {
        type Value = Option<u64>;

        const EXPECTED: &'static str = "an object with n";

        fn read<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
            let value = Member("n", PhantomData::<Lenient>).read(members)?;
            Ok(value.and_then(|value| value.whole_number()))
        }
    }

    /// What a seed reads, or the error.
    fn shown<'de, S: DeserializeSeed<'de>>(body: &'de str, seed: S) -> Result<S::Value, String> {
        read(body.as_bytes(), seed).map_err(|error| error.to_string())
    }

    #[test]
    fn an_object_is_read_leniently_or_strictly() {
        assert_eq!(shown(r#"{"a": [{}], "n": 7, "\u006e": "8"}"#, Object(N)), Ok(Some(8)));
        for other in ["null", "true", "7", "-7", "0.5", "\"x\"", "[{\"n\": 7}]"] {
            assert_eq!(shown(other, OrNone(N)), Ok(None), "{other}");
            assert!(shown(other, Object(N)).expect_err("strict").contains("expected an object with n"), "{other}");
        }
        assert!(shown("{} x", OrNone(N)).is_err() && shown("{\"n\": 7", OrNone(N)).is_err());
        assert!(read(b"{\"\xff\": 1}", OrNone(N)).is_err());
    }

    #[test]
    fn items_are_given_one_by_one() {
        let items = |body| {
            let mut taken = Vec::new();
            let take = |item: Option<Option<u64>>| taken.push(item.flatten());
            shown(body, Items { expected: "a list", item: OrNone(N), take }).map(|is_array| (is_array, taken))
        };
        assert_eq!(items(r#"[{"n": 1}, null, {"n": 2}]"#), Ok((true, vec![Some(1), None, Some(2)])));
        assert_eq!(items("null"), Ok((false, vec![])));
        assert!(items("{}").expect_err("no array").contains("expected a list"));
    }

    #[test]
    fn texts_are_borrowed_unless_they_hold_escapes() {
        let mut borrowed = Vec::new();
        let take = |CowStr(text): CowStr<'_>| borrowed.push(matches!(text, std::borrow::Cow::Borrowed(_)));
        let items = Items { expected: "texts", item: PhantomData::<CowStr<'_>>, take };
        assert_eq!(shown(r#"["plain", "\u0061"]"#, items), Ok(true));
        assert_eq!(borrowed, [true, false]);
    }
}
