//! JSON in which no object names a member twice.
//!
//! In:  text. Out: a value, or the members of an object as text.
//! Law: RFC 8259 leaves open which of two members of one name holds: readers take the first or the last, and what the
//!      other said (a list of red lines, a geometry, a class) is gone without a word. Here both are refused.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

/// A value.
pub(crate) struct Once(pub(crate) Value);

/// Members of an object as text.
pub(crate) struct OnceEach<'a>(pub(crate) BTreeMap<String, &'a RawValue>);

fn twice<E: Error>(name: &str) -> E {
    let short: String = name.chars().take(60).collect();
    E::custom(format!("the member '{short}' stands twice in one object; leave one"))
}

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_any(Values).map(Once)
    }
}

struct Values;

impl<'de> Visitor<'de> for Values {
    type Value = Value;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E>(self, value: f64) -> Result<Value, E> {
        Ok(Number::from_f64(value).map_or(Value::Null, Value::Number))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Value, A::Error> {
        let mut values = Vec::new();
        while let Some(Once(value)) = list.next_element()? {
            values.push(value);
        }
        Ok(Value::Array(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(twice(&name));
            }
            let Once(value) = members.next_value()?;
            object.insert(name, value);
        }
        Ok(Value::Object(object))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for OnceEach<'a> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Parts;
        impl<'de> Visitor<'de> for Parts {
            type Value = BTreeMap<String, &'de RawValue>;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
                let mut parts = BTreeMap::new();
                while let Some(name) = members.next_key::<String>()? {
                    if parts.contains_key(&name) {
                        return Err(twice(&name));
                    }
                    parts.insert(name, members.next_value()?);
                }
                Ok(parts)
            }
        }
        from.deserialize_map(Parts).map(OnceEach)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_that_stands_twice_is_refused_at_any_depth_and_values_are_as_they_are_written() {
        let text = r#"{"b":[1,-2,18446744073709551615,1.5e3,"x",null,true],"a":{"c":{}}}"#;
        let Once(value) = serde_json::from_str(text).unwrap();
        assert_eq!(value, serde_json::from_str::<Value>(text).unwrap());
        assert_eq!(value.to_string(), serde_json::from_str::<Value>(text).unwrap().to_string());
        for text in [r#"{"a":1,"a":1}"#, r#"{"x":[{"y":{"a":1,"b":2,"a":3}}]}"#] {
            let error = serde_json::from_str::<Once>(text).err().unwrap().to_string();
            assert!(error.contains("'a' stands twice"), "{error}");
        }
        let parts: OnceEach<'_> = serde_json::from_str(r#"{"type":"x","features":[1, 2]}"#).unwrap();
        assert_eq!(parts.0["features"].get(), "[1, 2]");
        assert!(serde_json::from_str::<OnceEach<'_>>(r#"{"features":[],"features":[1]}"#).is_err());
    }
}
