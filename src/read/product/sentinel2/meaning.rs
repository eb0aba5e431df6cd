//! What the numbers of a Sentinel-2 product mean.
//!
//! In:  the XML of the product where there is one, the processing baseline. Out: scale and offset of each band.
//! Law: the product's own list before the baseline; without both there is no meaning.

use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::read::product::Layer;
use crate::read::product::sentinel2::metadata::Product;
use crate::scene::Band;

/// Numbers per unit of reflectance where the XML is silent; every product so far states the same.
pub(super) const QUANTIFICATION: f64 = 10_000.0;
/// What baselines from this one on add, where no XML of the product says so.
const OFFSET_BASELINE: f64 = 4.0;
const OFFSET: f64 = -1000.0;

/// Whether products of a processing baseline have an offset.
pub(super) fn has_offset(baseline: f64) -> bool {
    baseline >= OFFSET_BASELINE
}

/// What numbers of a product mean.
pub(super) struct Meaning {
    quantification: f64,
    offsets: BTreeMap<String, f64>,
    /// For bands that have no offset of their own.
    offset: f64,
    nodata: f64,
    saturated: f64,
    source: &'static str,
}

impl Meaning {
    /// By the product's own list, else by the baseline; `None` where neither is known.
    pub(super) fn of(product: Option<&Product>, baseline: Option<&str>) -> Option<Self> {
        let offsets = product.map(|product| product.offsets.clone()).unwrap_or_default();
        let number = baseline.and_then(|baseline| baseline.trim().parse::<f64>().ok());
        let (offset, source) = match number {
            _ if !offsets.is_empty() => (0.0, "offsets of the product's XML"),
            Some(number) if has_offset(number) => (OFFSET, "by the baseline, no list of offsets"),
            Some(_) => (0.0, "baselines before 04.00 have none"),
            None => return None,
        };
        let (nodata, saturated) =
            product.map_or((0.0, 65_535.0), |product| (product.nodata, product.saturated));
        let quantification = product.map_or(QUANTIFICATION, |product| product.quantification);
        Some(Self { quantification, offsets, offset, nodata, saturated, source })
    }

    pub(super) fn layer(
        &self,
        name: &str,
        (band, metres): (Band, f64),
        path: PathBuf,
        is_there: bool,
    ) -> Layer {
        let offset = self.offsets.get(name).copied().unwrap_or(self.offset);
        let (scale, offset) = if band.is_classes() {
            (1.0, 0.0)
        } else {
            (1.0 / self.quantification, offset / self.quantification)
        };
        let of_numbers = |value: f64| (!band.is_classes()).then_some(value);
        // SCL 0 is nodata by its own classes.
        let (nodata, saturated) = (Some(self.nodata), of_numbers(self.saturated));
        Layer { path, is_there, number: 1, metres, nodata, saturated, scale, offset }
    }

    pub(super) fn words(
        &self,
        level: &str,
        baseline: Option<&str>,
        layers: &BTreeMap<Band, Layer>,
    ) -> String {
        let mut offsets: Vec<f64> =
            layers.iter().filter(|(band, _)| !band.is_classes()).map(|(_, layer)| layer.offset).collect();
        offsets.sort_by(f64::total_cmp);
        offsets.dedup();
        let offsets: Vec<String> = offsets.iter().map(f64::to_string).collect();
        let baseline = baseline.map_or("unknown".to_owned(), str::to_owned);
        format!(
            "scale {}, offset {}: Sentinel-2 {level}, processing baseline {baseline}, {}",
            1.0 / self.quantification,
            offsets.join(" and "),
            self.source
        )
    }
}
