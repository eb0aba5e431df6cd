//! Products as their makers hand them out, written by the test: Sentinel-2 SAFE of any baseline, Landsat Collection 2, HLS.
//!
//! In:  planes of whole numbers, a grid, what the metadata shall say. Out: folders with JPEG 2000 or GeoTIFF and metadata.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use gdal::raster::{Buffer, GdalType, RasterCreationOptions};
use gdal::spatial_ref::SpatialRef;
use gdal::{Dataset, DatasetOptions, DriverManager, GdalOpenFlags, Metadata};

/// Whole numbers of one band on a grid of its own.
#[derive(Debug, Clone)]
pub struct Plane {
    pub rows: usize,
    pub cols: usize,
    /// Metres a pixel.
    pub side: f64,
    pub numbers: Vec<i32>,
}

impl Plane {
    /// Means over blocks of some pixels.
    pub fn coarser(&self, by: usize) -> Self {
        let (rows, cols) = (self.rows / by, self.cols / by);
        let mean = |at: usize| {
            let (row, col) = (at / cols * by, at % cols * by);
            let block = (row..row + by)
                .flat_map(|row| (col..col + by).map(move |col| self.numbers[row * self.cols + col]));
            let sum: i32 = block.sum();
            (f64::from(sum) / (by * by) as f64).round() as i32
        };
        Self { rows, cols, side: self.side * by as f64, numbers: (0..rows * cols).map(mean).collect() }
    }

    /// One of the pixels of each block, for classes.
    pub fn thinned(&self, by: usize) -> Self {
        let (rows, cols) = (self.rows / by, self.cols / by);
        let at = |at: usize| self.numbers[at / cols * by * self.cols + at % cols * by];
        Self { rows, cols, side: self.side * by as f64, numbers: (0..rows * cols).map(at).collect() }
    }

    pub fn map(&self, with: impl Fn(i32) -> i32) -> Self {
        Self { numbers: self.numbers.iter().map(|number| with(*number)).collect(), ..self.clone() }
    }
}

/// Bands by their Sentinel-2 names, with the upper left corner and the EPSG code.
#[derive(Debug, Clone)]
pub struct Planes {
    pub bands: BTreeMap<String, Plane>,
    pub origin: (f64, f64),
    pub epsg: u32,
}

impl Planes {
    /// The bands of a drawn scene.
    pub fn of(path: &Path) -> Self {
        let file = Dataset::open(path).unwrap();
        let [x, side, _, y, ..] = file.geo_transform().unwrap();
        let (cols, rows) = file.raster_size();
        let mut bands = BTreeMap::new();
        for band in file.rasterbands().map(Result::unwrap) {
            let (_, numbers) = band.read_band_as::<i32>().unwrap().into_shape_and_vec();
            bands.insert(band.description().unwrap(), Plane { rows, cols, side, numbers });
        }
        let epsg = file.spatial_ref().unwrap().auth_code().unwrap() as u32;
        Self { bands, origin: (x, y), epsg }
    }

    fn memory(&self, plane: &Plane, kind: Numbers) -> Dataset {
        let driver = DriverManager::get_driver_by_name("MEM").unwrap();
        let size = (plane.cols, plane.rows);
        let mut file = match kind {
            Numbers::Byte => driver.create_with_band_type::<u8, _>("", plane.cols, plane.rows, 1).unwrap(),
            Numbers::Unsigned => {
                driver.create_with_band_type::<u16, _>("", plane.cols, plane.rows, 1).unwrap()
            }
            Numbers::Signed => driver.create_with_band_type::<i16, _>("", plane.cols, plane.rows, 1).unwrap(),
        };
        file.set_geo_transform(&[self.origin.0, plane.side, 0.0, self.origin.1, 0.0, -plane.side]).unwrap();
        file.set_spatial_ref(&SpatialRef::from_epsg(self.epsg).unwrap()).unwrap();
        let mut buffer = Buffer::new(size, plane.numbers.clone());
        file.rasterband(1).unwrap().write((0, 0), size, &mut buffer).unwrap();
        file
    }

    /// Writes a band with OpenJPEG, without loss.
    pub fn write_jp2(&self, plane: &Plane, kind: Numbers, path: &Path) {
        let options = ["QUALITY=100", "REVERSIBLE=YES", "BLOCKXSIZE=64", "BLOCKYSIZE=64"];
        let options = RasterCreationOptions::from_iter(options);
        let driver = DriverManager::get_driver_by_name("JP2OpenJPEG").unwrap();
        let copy = self.memory(plane, kind).create_copy(&driver, path, &options).unwrap();
        copy.close().unwrap();
        // Products have no such sidecar.
        let _ = fs::remove_file(path.with_extension("jp2.aux.xml"));
    }

    /// The same with a number added to all reflectance.
    pub fn added(&self, added: i32) -> Self {
        let plus = |(name, plane): (&String, &Plane)| {
            let plane = if name == "SCL" { plane.clone() } else { plane.map(|number| number + added) };
            (name.clone(), plane)
        };
        Self { bands: self.bands.iter().map(plus).collect(), ..self.clone() }
    }

    /// Declares scale and offset in a file.
    pub fn declare(&self, path: &Path, scale: f64, offset: f64) {
        let options =
            DatasetOptions { open_flags: GdalOpenFlags::GDAL_OF_UPDATE, ..DatasetOptions::default() };
        let file = Dataset::open_ex(path, options).unwrap();
        file.rasterband(1).unwrap().set_scale(scale).unwrap();
        file.rasterband(1).unwrap().set_offset(offset).unwrap();
        file.close().unwrap();
    }

    /// Writes reflectance as shares of one, a file a band.
    pub fn write_shares(&self, stem: &Path) {
        self.write_bands::<f32>(stem, |number| number as f32 * 1e-4);
    }

    /// Writes reflectance stretched to 8 bit, a file a band.
    pub fn write_picture(&self, stem: &Path) {
        self.write_bands::<u8>(stem, |number| (number / 16).clamp(0, 255) as u8);
    }

    /// Writes blue, green, red and near infrared as counts of 10 bit in one file without names.
    pub fn write_counts(&self, path: &Path) {
        let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
        let mut file = self.four(&driver, path);
        let side = self.bands["B02"].side;
        file.set_geo_transform(&[self.origin.0, side, 0.0, self.origin.1, 0.0, -side]).unwrap();
        file.set_spatial_ref(&SpatialRef::from_epsg(self.epsg).unwrap()).unwrap();
        file.close().unwrap();
    }

    /// The same as it comes from the receiving station: a model of the camera in place of a grid.
    pub fn write_raw(&self, path: &Path) {
        let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
        let _ = fs::remove_file(path);
        let mut file = self.four(&driver, path);
        let terms = ["1"; 20].join(" ");
        let numbers = [
            "LINE_OFF",
            "SAMP_OFF",
            "LAT_OFF",
            "LONG_OFF",
            "HEIGHT_OFF",
            "LINE_SCALE",
            "SAMP_SCALE",
            "LAT_SCALE",
            "LONG_SCALE",
            "HEIGHT_SCALE",
        ];
        for key in numbers {
            file.set_metadata_item(key, "10", "RPC").unwrap();
        }
        for key in ["LINE_NUM_COEFF", "LINE_DEN_COEFF", "SAMP_NUM_COEFF", "SAMP_DEN_COEFF"] {
            file.set_metadata_item(key, &terms, "RPC").unwrap();
        }
        file.close().unwrap();
    }

    fn four(&self, driver: &gdal::Driver, path: &Path) -> Dataset {
        let plane = &self.bands["B02"];
        let size = (plane.cols, plane.rows);
        let file = driver.create_with_band_type::<u16, _>(path, plane.cols, plane.rows, 4).unwrap();
        for (band, number) in ["B02", "B03", "B04", "B08"].into_iter().zip(1..) {
            let counts =
                self.bands[band].numbers.iter().map(|number| (number * 1023 / 10_000).clamp(1, 1023) as u16);
            let mut buffer = Buffer::new(size, counts.collect());
            file.rasterband(number).unwrap().write((0, 0), size, &mut buffer).unwrap();
        }
        file
    }

    fn write_bands<T: GdalType + Copy>(&self, stem: &Path, to: impl Fn(i32) -> T) {
        let name = stem.file_name().unwrap().to_string_lossy();
        let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
        for (band, plane) in &self.bands {
            let path = stem.with_file_name(format!("{name}_{band}.tif"));
            if band == "SCL" {
                self.write_tif(plane, Numbers::Byte, None, &path);
                continue;
            }
            let mut file = driver.create_with_band_type::<T, _>(&path, plane.cols, plane.rows, 1).unwrap();
            file.set_geo_transform(&[self.origin.0, plane.side, 0.0, self.origin.1, 0.0, -plane.side])
                .unwrap();
            file.set_spatial_ref(&SpatialRef::from_epsg(self.epsg).unwrap()).unwrap();
            let size = (plane.cols, plane.rows);
            let mut buffer = Buffer::new(size, plane.numbers.iter().map(|number| to(*number)).collect());
            file.rasterband(1).unwrap().write((0, 0), size, &mut buffer).unwrap();
            file.close().unwrap();
        }
    }

    pub fn write_tif(&self, plane: &Plane, kind: Numbers, nodata: Option<f64>, path: &Path) {
        let options = RasterCreationOptions::from_iter(["COMPRESS=DEFLATE"]);
        let driver = DriverManager::get_driver_by_name("GTiff").unwrap();
        let memory = self.memory(plane, kind);
        memory.rasterband(1).unwrap().set_no_data_value(nodata).unwrap();
        memory.create_copy(&driver, path, &options).unwrap().close().unwrap();
    }
}

#[derive(Debug, Clone, Copy)]
pub enum Numbers {
    Byte,
    Unsigned,
    Signed,
}

/// What a SAFE product says of itself.
#[derive(Debug, Clone)]
pub struct Safe {
    pub level: &'static str,
    pub baseline: &'static str,
    /// `YYYYMMDD`.
    pub date: u32,
    /// `YYYYMMDD` of processing.
    pub processed: u32,
    pub tile: &'static str,
    /// Start of the strip, time of the day.
    pub strip: &'static str,
    /// Offset of the list in the XML; `None` for no list.
    pub offset: Option<i32>,
    pub quantification: u32,
}

const BANDS: [&str; 13] =
    ["B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12"];

impl Safe {
    /// A product of the surface on a day, of a baseline with the offset that belongs to it.
    pub fn l2a(date: u32, baseline: &'static str) -> Self {
        let offset = (baseline >= "04.00").then_some(-1000);
        let (processed, tile, strip) = (date, "49TCF", "T033541");
        Self { level: "L2A", baseline, date, processed, tile, strip, offset, quantification: 10_000 }
    }

    /// Name of the product without `.SAFE`.
    pub fn name(&self) -> String {
        let Self { level, date, tile, processed, .. } = self;
        let baseline = self.baseline.replace('.', "");
        format!("S2A_MSI{level}_{date}T033541_N{baseline}_R061_T{tile}_{processed}T070000")
    }

    fn granule(&self) -> String {
        format!("{}_T{}_A031435_{}T033541", self.level, self.tile, self.date)
    }

    /// Path of an image below the product, without its ending.
    fn image(&self, band: &str, side: f64) -> String {
        let name = format!("T{}_{}T033541_{band}", self.tile, self.date);
        let images = format!("GRANULE/{}/IMG_DATA", self.granule());
        if self.level == "L2A" {
            format!("{images}/R{side}m/{name}_{side}m")
        } else {
            format!("{images}/{name}")
        }
    }

    /// Writes the product into a folder and returns its root.
    pub fn write(&self, folder: &Path, planes: &Planes) -> PathBuf {
        let root = folder.join(format!("{}.SAFE", self.name()));
        let mut images = String::new();
        for (band, plane) in &planes.bands {
            let image = self.image(band, plane.side);
            let path = root.join(format!("{image}.jp2"));
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            let kind = if band == "SCL" { Numbers::Byte } else { Numbers::Unsigned };
            planes.write_jp2(plane, kind, &path);
            writeln!(images, "<IMAGE_FILE>{image}</IMAGE_FILE>").unwrap();
        }
        fs::write(root.join(format!("MTD_MSI{}.xml", self.level)), self.product_xml(&images)).unwrap();
        let inside = root.join("GRANULE").join(self.granule());
        fs::write(inside.join("MTD_TL.xml"), self.tile_xml()).unwrap();
        fs::write(root.join("manifest.safe"), "<x/>").unwrap();
        root
    }

    fn identity(&self, kind: &str) -> String {
        let Self { level, date, strip, processed, tile, baseline, .. } = self;
        match kind {
            "DS" => format!("S2A_OPER_MSI_{level}_DS_VGS4_{processed}T070000_S{date}{strip}_N{baseline}"),
            _ => format!("S2A_OPER_MSI_{level}_TL_VGS4_{processed}T070000_A031435_T{tile}_N{baseline}"),
        }
    }

    pub fn product_xml(&self, images: &str) -> String {
        let (date, processed) = (dashed(self.date), dashed(self.processed));
        let (surface, number) = (self.level == "L2A", &self.level[1..]);
        let (offset, quantified) = if surface {
            ("BOA_ADD_OFFSET", "BOA_QUANTIFICATION_VALUE")
        } else {
            ("RADIO_ADD_OFFSET", "QUANTIFICATION_VALUE")
        };
        let mut offsets = String::new();
        for (id, _) in BANDS.iter().enumerate().filter(|_| self.offset.is_some()) {
            writeln!(offsets, "<{offset} band_id=\"{id}\">{}</{offset}>", self.offset.unwrap_or_default())
                .unwrap();
        }
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<n1:Level-{number}_User_Product xmlns:n1=\"https://psd-14.sentinel2.eo.esa.int/PSD/User_Product.xsd\">\n\
             <n1:General_Info><Product_Info><PRODUCT_START_TIME>{date}T03:35:41.024Z</PRODUCT_START_TIME>\
             <PRODUCT_URI>{}.SAFE</PRODUCT_URI><PROCESSING_BASELINE>{}</PROCESSING_BASELINE>\
             <GENERATION_TIME>{processed}T07:00:00.000Z</GENERATION_TIME>\
             <Datatake datatakeIdentifier=\"GS2A\"><SPACECRAFT_NAME>Sentinel-2A</SPACECRAFT_NAME>\
             <DATATAKE_SENSING_START>{date}T03:35:41.024Z</DATATAKE_SENSING_START></Datatake>\
             <Product_Organisation><Granule_List><Granule datastripIdentifier=\"{}\" granuleIdentifier=\"{}\" imageFormat=\"JPEG2000\">\n\
             {images}</Granule></Granule_List></Product_Organisation></Product_Info>\
             <Product_Image_Characteristics><Special_Values><SPECIAL_VALUE_TEXT>NODATA</SPECIAL_VALUE_TEXT><SPECIAL_VALUE_INDEX>0</SPECIAL_VALUE_INDEX></Special_Values>\
             <Special_Values><SPECIAL_VALUE_TEXT>SATURATED</SPECIAL_VALUE_TEXT><SPECIAL_VALUE_INDEX>65535</SPECIAL_VALUE_INDEX></Special_Values>\
             <{quantified} unit=\"none\">{}</{quantified}>{offsets}</Product_Image_Characteristics></n1:General_Info>\n\
             </n1:Level-{number}_User_Product>\n",
            self.name(),
            self.baseline,
            self.identity("DS"),
            self.identity("TL"),
            self.quantification,
        )
    }

    fn tile_xml(&self) -> String {
        let number = &self.level[1..];
        format!(
            "<n1:Level-{number}_Tile_ID xmlns:n1=\"u\"><n1:General_Info><TILE_ID metadataLevel=\"Brief\">{}</TILE_ID>\
             <DATASTRIP_ID>{}</DATASTRIP_ID><SENSING_TIME>{}T03:40:02.5Z</SENSING_TIME></n1:General_Info></n1:Level-{number}_Tile_ID>\n",
            self.identity("TL"),
            self.identity("DS"),
            dashed(self.date)
        )
    }
}

fn dashed(date: u32) -> String {
    format!("{}-{:02}-{:02}", date / 10_000, date / 100 % 100, date % 100)
}

/// Packs a folder into an archive beside it and takes the folder away.
pub fn zipped(root: &Path) -> PathBuf {
    let path = root.with_extension("zip");
    let mut zip = zip::ZipWriter::new(File::create(&path).unwrap());
    let options =
        zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Deflated);
    let above = root.parent().unwrap();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        let mut entries: Vec<PathBuf> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        entries.sort();
        for entry in entries {
            if entry.is_dir() {
                folders.push(entry);
                continue;
            }
            zip.start_file(entry.strip_prefix(above).unwrap().to_str().unwrap(), options).unwrap();
            zip.write_all(&fs::read(&entry).unwrap()).unwrap();
        }
    }
    zip.finish().unwrap();
    fs::remove_dir_all(root).unwrap();
    path
}

/// Name of a Landsat 8 product of a day.
pub fn landsat_name(date: u32, level: &str) -> String {
    format!("LC08_{level}_128031_{date}_{date}_02_T1")
}

/// Writes a Landsat 8 Collection 2 Level 2 product into a folder of its own.
pub fn landsat(folder: &Path, date: u32, planes: &Planes) {
    let name = landsat_name(date, "L2SP");
    let root = folder.join(&name);
    fs::create_dir_all(&root).unwrap();
    // Reflectance x 10000 becomes the collection's own numbers.
    let number = |value: i32| ((f64::from(value) * 1e-4 + 0.2) / 2.75e-5).round() as i32;
    for (own, band) in
        [("B2", "B02"), ("B3", "B03"), ("B4", "B04"), ("B5", "B08"), ("B6", "B11"), ("B7", "B12")]
    {
        let Some(plane) = planes.bands.get(band) else { continue };
        let path = root.join(format!("{name}_SR_{own}.TIF"));
        planes.write_tif(&plane.map(number), Numbers::Unsigned, Some(0.0), &path);
    }
    let quality = |class: i32| match class {
        4 | 5 => 21_824,
        6 => 21_952,
        0 => 1,
        _ => 22_280,
    };
    let path = root.join(format!("{name}_QA_PIXEL.TIF"));
    planes.write_tif(&planes.bands["SCL"].map(quality), Numbers::Unsigned, Some(1.0), &path);
    let mtl = "GROUP = LANDSAT_METADATA_FILE\n  GROUP = LEVEL2_SURFACE_REFLECTANCE_PARAMETERS\n";
    let bands = (1..8).map(|band| {
        format!("    REFLECTANCE_MULT_BAND_{band} = 2.75e-05\n    REFLECTANCE_ADD_BAND_{band} = -0.2\n")
    });
    let end = "  END_GROUP = LEVEL2_SURFACE_REFLECTANCE_PARAMETERS\nEND_GROUP = LANDSAT_METADATA_FILE\nEND\n";
    fs::write(root.join(format!("{name}_MTL.txt")), format!("{mtl}{}{end}", bands.collect::<String>()))
        .unwrap();
}

/// Writes an HLS v2 product, `L30` or `S30`, with a day of the year.
pub fn hls(folder: &Path, kind: &str, date: u32, planes: &Planes) -> String {
    let day = steppewatch::date::Date::constant(
        (date / 10_000) as i16,
        (date / 100 % 100) as i8,
        (date % 100) as i8,
    );
    let name = format!("HLS.{kind}.T49TCF.{}{:03}T033541.v2.0", day.year(), day.day_of_year());
    let narrow = if kind == "S30" {
        [("B08", "B08"), ("B8A", "B08"), ("B11", "B11"), ("B12", "B12")]
    } else {
        [("B05", "B08"), ("B06", "B11"), ("B07", "B12"), ("B01", "B02")]
    };
    for (own, band) in [("B02", "B02"), ("B03", "B03"), ("B04", "B04")].into_iter().chain(narrow) {
        let Some(plane) = planes.bands.get(band) else { continue };
        planes.write_tif(plane, Numbers::Signed, Some(-9999.0), &folder.join(format!("{name}.{own}.tif")));
    }
    let quality = |class: i32| match class {
        4 | 5 => 64,
        6 => 96,
        0 => 255,
        _ => 66,
    };
    let mask = planes.bands["SCL"].map(quality);
    planes.write_tif(&mask, Numbers::Byte, Some(255.0), &folder.join(format!("{name}.Fmask.tif")));
    name
}
