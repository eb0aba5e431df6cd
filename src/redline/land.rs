//! Land inside a class for which the law sets its own area limit, as a layer's field or name tells it.
//!
//! Law: what a layer does not say stays unknown; unknown land is held against every limit of its class.

use serde::{Deserialize, Serialize};

use crate::redline::Class;
use crate::redline::class::CLASSES;
use crate::redline::source::{SourceFeature, SourceLayer};

/// Land for which a rule sets its own limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Land {
    /// Grassland of any kind (草原).
    Grassland,
    /// Permanent basic farmland (永久基本农田).
    BasicFarmland,
    /// Other farmland (其他耕地).
    OtherFarmland,
    /// Public-benefit forest land (公益林地).
    PublicForest,
    /// Commercial forest land (商品林地).
    CommercialForest,
}

impl Land {
    /// Names as files write them, with what they mean.
    pub const WORDS: &'static [(&'static str, &'static str)] = &[
        ("grassland", "草原 grassland"),
        ("basic_farmland", "永久基本农田 permanent basic farmland"),
        ("other_farmland", "其他耕地 other farmland"),
        ("public_forest", "公益林地 public-benefit forest land"),
        ("commercial_forest", "商品林地 commercial forest land"),
    ];

    /// Name as files write it.
    pub fn name(self) -> &'static str {
        Self::WORDS[self as usize].0
    }

    /// Class of the red lines that hold such land.
    pub fn class(self) -> Class {
        match self {
            Land::Grassland => Class::Grassland,
            Land::BasicFarmland | Land::OtherFarmland => Class::Farmland,
            Land::PublicForest | Land::CommercialForest => Class::Forest,
        }
    }
}

/// Words of fields and names of layers, and the land that they mean.
///
/// Source: `YJJBNTTB` and its Chinese title as county systems use them (`reference/mission.md` 5.5).
const SAID: [(&str, Land); 7] = [
    ("YJJBNT", Land::BasicFarmland),
    ("基本农田", Land::BasicFarmland),
    ("BASIC FARMLAND", Land::BasicFarmland),
    ("公益林", Land::PublicForest),
    ("PUBLIC FOREST", Land::PublicForest),
    ("商品林", Land::CommercialForest),
    ("COMMERCIAL FOREST", Land::CommercialForest),
];

/// The land of one feature of a class; `None` where neither field, layer nor file says it.
pub(crate) fn land_of(class: Class, feature: &SourceFeature, layer: &SourceLayer) -> Option<Land> {
    let stem = layer.path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    let own = feature.field(CLASSES).unwrap_or_default();
    let said = |text: &str| {
        let text = text.to_uppercase().replace('_', " ");
        SAID.iter().find(|(part, land)| text.contains(part) && land.class() == class).map(|(_, land)| *land)
    };
    [own, layer.name.as_str(), stem].into_iter().find_map(said)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::grid::Crs;

    #[test]
    fn the_official_layer_name_tells_basic_farmland_and_nothing_is_guessed() {
        let layer = |file: &str| SourceLayer {
            path: file.into(),
            name: String::new(),
            crs: Crs::LON_LAT,
            features: Vec::new(),
            notes: Vec::new(),
        };
        let feature = |class: &str| SourceFeature {
            fields: vec![("class".to_owned(), class.to_owned())],
            ..SourceFeature::default()
        };
        let farmland = |class, file| land_of(Class::Farmland, &feature(class), &layer(file));
        assert_eq!(farmland("", "YJJBNTTB.shp"), Some(Land::BasicFarmland));
        assert_eq!(farmland("永久基本农田", "a.shp"), Some(Land::BasicFarmland));
        assert_eq!(farmland("耕地", "a.shp"), None);
        assert_eq!(land_of(Class::Forest, &feature("公益林"), &layer("a.shp")), Some(Land::PublicForest));
        assert_eq!(land_of(Class::Redline, &feature(""), &layer("YJJBNTTB.shp")), None);
    }

    #[test]
    fn the_words_of_land_stand_in_the_order_of_the_kinds() {
        for (place, land) in [(0, Land::Grassland), (1, Land::BasicFarmland), (4, Land::CommercialForest)] {
            assert_eq!(Land::WORDS[place].0, land.name());
            assert_eq!(serde_json::to_value(land).unwrap(), land.name());
        }
    }
}
