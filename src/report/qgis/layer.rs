//! A layer of a project: where its data lie, in which CRS, how it is drawn, what its form is.
//!
//! Law: data are named by paths relative to the project, so that the folder can be moved as a whole.

use crate::grid::Crs;
use crate::publish::gpkg_tables::Table;
use crate::report::Language;
use crate::report::material::Picture;
use crate::report::qgis::form::{self, Form};
use crate::report::qgis::xml::{Element, option, options};

/// A layer and its place in the tree.
pub struct Layer {
    /// Its id, the same in every project.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Where its data lie, from the project.
    pub source: String,
    /// `ogr` or `gdal`.
    pub provider: &'static str,
    /// Whether it is drawn when the project opens.
    pub is_shown: bool,
    /// Whether its legend is unfolded.
    pub is_unfolded: bool,
    /// Parts of its legend that are unfolded, by their keys.
    pub unfolded: Vec<&'static str>,
    /// The `maplayer`.
    pub element: Element,
}

/// What of a vector layer is not in its table.
pub struct Drawn<'a> {
    /// The renderer.
    pub renderer: Element,
    /// Labels, if any.
    pub labels: Option<Element>,
    /// HTML shown where the pointer rests.
    pub tip: String,
    /// The form.
    pub form: Form<'a>,
    /// Scales between which it is drawn, 1 to so many: far and near.
    pub scales: Option<(u32, u32)>,
    /// Whether people may write into it.
    pub is_open: bool,
    /// Settings for other programs: name and value.
    pub custom: Vec<(&'static str, String)>,
    /// What readers must know.
    pub about: String,
}

/// A CRS.
pub fn crs(name: &'static str, crs: Crs) -> Element {
    let code = crs.code();
    // QGIS reads the code where the number of its own table is one, and looks that one up by the code.
    let inside = Element::new("spatialrefsys")
        .child(Element::of("srsid", code))
        .child(Element::of("srid", code))
        .child(Element::of("authid", format!("EPSG:{code}")))
        .child(Element::of("geographicflag", crs.is_geographic()));
    if name.is_empty() { inside } else { Element::new(name).child(inside) }
}

/// A layer of the GeoPackage beside the project.
pub fn vector(file: &str, table: &Table, drawn: Drawn, language: Language) -> Layer {
    let geometry = if table.is_of_points { ("Point", "Point") } else { ("Polygon", "MultiPolygon") };
    let (far, near) = drawn.scales.unwrap_or((100_000_000, 0));
    let source = format!("./{file}|layername={}", table.name);
    let custom = drawn.custom.iter().map(|(name, value)| option(name, value));
    let id = format!("steppewatch_{}", table.name);
    let element = Element::new("maplayer")
        .with("type", "vector")
        .with("geometry", geometry.0)
        .with("wkbType", geometry.1)
        .with("styleCategories", "AllStyleCategories")
        .with("hasScaleBasedVisibilityFlag", u8::from(drawn.scales.is_some()))
        .with("minScale", far)
        .with("maxScale", near)
        .with("labelsEnabled", u8::from(drawn.labels.is_some()))
        .with("readOnly", u8::from(!drawn.is_open))
        .with("simplifyDrawingHints", 1)
        .with("simplifyDrawingTol", 1)
        .with("simplifyMaxScale", 1)
        .child(Element::of("id", &id))
        .child(Element::of("datasource", &source))
        .child(Element::of("layername", &table.title))
        .child(crs("srs", Crs::LON_LAT))
        .child(metadata(&table.title, &drawn.about))
        .child(Element::of("provider", "ogr").with("encoding", "UTF-8"))
        .child(
            Element::new("flags")
                .child(Element::of("Identifiable", 1))
                .child(Element::of("Removable", 1))
                .child(Element::of("Searchable", 1)),
        )
        .child(drawn.renderer)
        .child(Element::new("customproperties").child(options(custom)))
        .children(drawn.labels)
        .children(form::elements(table, &drawn.form, language))
        .child(Element::of("mapTip", &drawn.tip));
    Layer {
        id,
        title: table.title.clone(),
        source,
        provider: "ogr",
        is_shown: true,
        is_unfolded: false,
        unfolded: Vec::new(),
        element,
    }
}

fn metadata(title: &str, about: &str) -> Element {
    Element::new("resourceMetadata")
        .child(Element::of("type", "dataset"))
        .child(Element::of("title", title))
        .child(Element::of("abstract", about))
}

/// A picture of the region, three of its bands as red, green and blue.
pub fn raster(
    id: &str,
    title: String,
    source: String,
    picture: &Picture,
    bands: [usize; 3],
    about: &str,
) -> Layer {
    let id = format!("steppewatch_{id}");
    let mut renderer = Element::new("rasterrenderer")
        .with("type", "multibandcolor")
        .with("opacity", 1)
        .with("alphaBand", -1)
        .with("redBand", bands[0] + 1)
        .with("greenBand", bands[1] + 1)
        .with("blueBand", bands[2] + 1)
        .child(Element::new("minMaxOrigin").child(Element::of("limits", "None")));
    let names = ["redContrastEnhancement", "greenContrastEnhancement", "blueContrastEnhancement"];
    for (name, band) in names.into_iter().zip(bands) {
        // The file says what its steps mean, and QGIS reads reflectance.
        let (low, high) = picture.stretch.get(band).copied().unwrap_or((0.0, 10_000.0));
        let (low, high) = (low / 1e4, high / 1e4);
        renderer = renderer.child(
            Element::new(name)
                .child(Element::of("minValue", low))
                .child(Element::of("maxValue", high))
                .child(Element::of("algorithm", "StretchToMinimumMaximum")),
        );
    }
    raster_of(id, title, source, picture, renderer, about)
}

/// A picture that is drawn as it is.
pub fn basemap(id: &str, title: String, source: String, picture: &Picture, about: &str) -> Layer {
    let renderer = Element::new("rasterrenderer")
        .with("type", "multibandcolor")
        .with("opacity", 1)
        // What was not seen is a fourth band to QGIS.
        .with("alphaBand", 4)
        .with("redBand", 1)
        .with("greenBand", 2)
        .with("blueBand", 3);
    raster_of(format!("steppewatch_{id}"), title, source, picture, renderer, about)
}

fn raster_of(
    id: String,
    title: String,
    source: String,
    picture: &Picture,
    renderer: Element,
    about: &str,
) -> Layer {
    let pipe = Element::new("pipe")
        .child(renderer)
        .child(Element::new("brightnesscontrast").with("brightness", 0).with("contrast", 0).with("gamma", 1))
        .child(Element::of("resamplingStage", "resamplingFilter"));
    let element = Element::new("maplayer")
        .with("type", "raster")
        .with("styleCategories", "AllStyleCategories")
        .with("hasScaleBasedVisibilityFlag", 0)
        .child(Element::of("id", &id))
        .child(Element::of("datasource", &source))
        .child(Element::of("layername", &title))
        .child(crs("srs", picture.grid.crs))
        .child(metadata(&title, about))
        .child(Element::of("provider", "gdal"))
        .child(pipe)
        .child(Element::of("blendMode", 0));
    Layer {
        id,
        title,
        source,
        provider: "gdal",
        is_shown: false,
        is_unfolded: false,
        unfolded: Vec::new(),
        element,
    }
}
