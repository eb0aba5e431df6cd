//! The typesetter: a template, its data and pictures -> PDF/A. The only door to `typst`.
//!
//! Law: words of a record reach a page as strings of the data and never as markup; nothing is read from disk or network; the
//! document's day is that of the run, so the same record gives the same bytes.

use serde_json::Value;
use typst::diag::{FileError, FileResult};
use typst::foundations::{Bytes, Datetime, Duration, Smart};
use typst::syntax::{FileId, RootedPath, Source, VirtualPath, VirtualRoot};
use typst::text::{Font, FontBook};
use typst::utils::LazyHash;
use typst::{Library, LibraryExt, World};
use typst_layout::PagedDocument;
use typst_pdf::{PdfOptions, PdfStandard, PdfStandards, Timestamp};

use crate::date::Date;
use crate::report::ReportError;
use crate::report::dossier::font::Faces;

/// Stands for a letter that the font does not have.
const BOX: char = '□';

/// Typesets documents with one set of fonts.
pub struct Press {
    standard: LazyHash<Library>,
    book: LazyHash<FontBook>,
    fonts: Vec<Font>,
    /// Name of the family that documents are set in.
    family: String,
}

/// One document in the making.
struct Sheet<'a> {
    press: &'a Press,
    main: Source,
    files: Vec<(FileId, Bytes)>,
}

impl Press {
    /// Sets up the press; `None` where no face in the files can be read.
    pub fn new(faces: &Faces) -> Option<Self> {
        let mut fonts = Vec::new();
        for bytes in &faces.files {
            let mut all: Vec<Font> = Font::iter(Bytes::new(bytes.clone())).collect();
            // Of a collection the face for simplified Chinese: others draw some letters in another country's way.
            let is_simplified = |font: &Font| {
                let name = &font.info().family;
                name.ends_with("SC") && !name.contains("Mono")
            };
            let chosen = all.iter().position(is_simplified).unwrap_or(0);
            if chosen < all.len() {
                fonts.push(all.swap_remove(chosen));
            }
        }
        let family = fonts.first()?.info().family.clone();
        fonts.retain(|font| font.info().family == family);
        let book = FontBook::from_fonts(&fonts);
        Some(Self { standard: LazyHash::new(Library::default()), book: LazyHash::new(book), fonts, family })
    }

    /// Whether the font has Chinese letters at all.
    pub fn has_chinese(&self) -> bool {
        let has = |letter: char| self.fonts.iter().any(|font| font.info().coverage.contains(letter as u32));
        "线索红亩".chars().all(has)
    }

    /// Letters that the font does not have as boxes: a document for the archive may not hold what nobody can read.
    fn printable(&self, value: Value) -> Value {
        let has = |letter: char| {
            letter == '\n'
                || self.fonts.first().is_some_and(|font| font.info().coverage.contains(letter as u32))
        };
        match value {
            Value::String(text) => {
                text.chars().map(|letter| if has(letter) { letter } else { BOX }).collect::<String>().into()
            }
            Value::Array(all) => all.into_iter().map(|value| self.printable(value)).collect(),
            Value::Object(all) => all
                .into_iter()
                .map(|(key, value)| (key, self.printable(value)))
                .collect::<serde_json::Map<_, _>>()
                .into(),
            other => other,
        }
    }

    /// Sets a document. `data` is what the template reads as `data.json`; `pictures` lie beside it by name.
    ///
    /// # Errors
    /// `Typeset` with what the typesetter says.
    pub fn pdf(
        &self,
        template: &str,
        data: &Value,
        pictures: Vec<(String, Vec<u8>)>,
        (identity, day): (&str, Option<Date>),
    ) -> Result<Vec<u8>, ReportError> {
        let wrong = |reason: String| ReportError::Typeset { document: identity.to_owned(), reason };
        let id = |name: &str| {
            let path = VirtualPath::new(name).map_err(|error| wrong(format!("{name}: {error:?}")))?;
            Ok::<FileId, ReportError>(RootedPath::new(VirtualRoot::Project, path).intern())
        };
        let mut files = Vec::new();
        let mut data = self.printable(data.clone());
        data["font"] = Value::String(self.family.clone());
        files.push((id("data.json")?, Bytes::from_string(data.to_string())));
        for (name, bytes) in pictures {
            files.push((id(&name)?, Bytes::new(bytes)));
        }
        let sheet = Sheet { press: self, main: Source::new(id("main.typ")?, template.to_owned()), files };
        let said = |errors: typst::ecow::EcoVec<typst::diag::SourceDiagnostic>| {
            wrong(errors.iter().map(|error| error.message.to_string()).collect::<Vec<String>>().join("; "))
        };
        let document = typst::compile::<PagedDocument>(&sheet).output.map_err(said)?;
        let timestamp = day.and_then(|day| {
            let (year, month, date) = (i32::from(day.year()), day.month() as u8, day.day() as u8);
            Some(Timestamp::new_utc(Datetime::from_ymd_hms(year, month, date, 0, 0, 0)?))
        });
        let options = PdfOptions {
            ident: Smart::Custom(identity.to_owned()),
            creator: Smart::Custom(Some(concat!("steppewatch ", env!("CARGO_PKG_VERSION")).to_owned())),
            timestamp,
            standards: PdfStandards::new(&[PdfStandard::A_2b])
                .map_err(|error| wrong(error.message().to_string()))?,
            // Tags of every cell of the long tables would double a record.
            tagged: false,
            ..PdfOptions::default()
        };
        let bytes = typst_pdf::pdf(&document, &options).map_err(said)?;
        // What one document remembered helps no other.
        typst::comemo::evict(0);
        Ok(bytes)
    }
}

impl World for Sheet<'_> {
    fn library(&self) -> &LazyHash<Library> {
        &self.press.standard
    }

    fn book(&self) -> &LazyHash<FontBook> {
        &self.press.book
    }

    fn main(&self) -> FileId {
        self.main.id()
    }

    fn source(&self, id: FileId) -> FileResult<Source> {
        if id == self.main.id() { Ok(self.main.clone()) } else { Err(FileError::AccessDenied) }
    }

    fn file(&self, id: FileId) -> FileResult<Bytes> {
        let found = self.files.iter().find(|(name, _)| *name == id);
        found.map(|(_, bytes)| bytes.clone()).ok_or(FileError::AccessDenied)
    }

    fn font(&self, index: usize) -> Option<Font> {
        self.press.fonts.get(index).cloned()
    }

    fn today(&self, _offset: Option<Duration>) -> Option<Datetime> {
        None
    }
}
