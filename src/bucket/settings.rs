//! Which storage, and as whom: the environment variables that GDAL documents for `/vsis3`.
//!
//! In:  variables. Out: where and how to ask, and the same for GDAL, so that both ask alike.
//! Source: GDAL, "Virtual file systems", /vsis3/ (AWS S3 files).

use rusty_s3::{Bucket, Credentials, UrlStyle};

use crate::bucket::{Address, BucketError};

/// Region of a storage that knows none.
const REGION: &str = "us-east-1";

/// Where and how to ask.
#[derive(Debug)]
pub struct Settings {
    /// `https://HOST`, without a slash at its end.
    pub endpoint: String,
    /// Whether somebody named the host.
    is_given: bool,
    is_in_host: bool,
    region: String,
    /// Who asks; nobody, where everybody may read.
    pub(super) credentials: Option<Credentials>,
}

impl Settings {
    /// What the environment says.
    pub fn from_environment() -> Result<Self, BucketError> {
        Self::of(&|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
    }

    fn of(variable: &dyn Fn(&str) -> Option<String>) -> Result<Self, BucketError> {
        let yes = |name: &'static str, otherwise: bool| match variable(name) {
            None => Ok(otherwise),
            Some(text) => match text.to_ascii_lowercase().as_str() {
                "yes" | "true" | "on" | "1" => Ok(true),
                "no" | "false" | "off" | "0" => Ok(false),
                _ => Err(BucketError::Setting { name, expected: "YES or NO", found: format!("'{text}'") }),
            },
        };
        let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
        let region = region.unwrap_or_else(|| REGION.to_owned());
        let given = variable("AWS_S3_ENDPOINT");
        let host = given.clone().unwrap_or_else(|| format!("s3.{region}.amazonaws.com"));
        let scheme = if yes("AWS_HTTPS", true)? { "https" } else { "http" };
        let endpoint = if host.contains("://") { host } else { format!("{scheme}://{host}") };
        let key = |name: &'static str| {
            let expected = "the key of somebody who may read (AWS_NO_SIGN_REQUEST=YES where everybody may)";
            variable(name).ok_or(BucketError::Setting { name, expected, found: "nothing".to_owned() })
        };
        let credentials = if yes("AWS_NO_SIGN_REQUEST", false)? {
            None
        } else {
            let (key, secret) = (key("AWS_ACCESS_KEY_ID")?, key("AWS_SECRET_ACCESS_KEY")?);
            Some(match variable("AWS_SESSION_TOKEN") {
                Some(token) => Credentials::new_with_token(key, secret, token),
                None => Credentials::new(key, secret),
            })
        };
        Ok(Self {
            endpoint: endpoint.trim_end_matches('/').to_owned(),
            is_given: given.is_some(),
            is_in_host: yes("AWS_VIRTUAL_HOSTING", true)?,
            region,
            credentials,
        })
    }

    /// Where the objects of a bucket are asked for.
    pub(super) fn bucket(&self, address: &Address) -> Result<Bucket, BucketError> {
        let fault = |reason: String| BucketError::Setting {
            name: "AWS_S3_ENDPOINT",
            expected: "the name of a host, with its port where that is not the usual one",
            found: format!("'{}' ({reason})", self.endpoint),
        };
        let endpoint = self.endpoint.parse().map_err(|_unreadable| fault("no address".to_owned()))?;
        // A certificate stands for one name before the host, and so not for a bucket with a dot in it.
        let in_host = self.is_in_host && !address.bucket.contains('.');
        let style = if in_host { UrlStyle::VirtualHost } else { UrlStyle::Path };
        Bucket::new(endpoint, style, address.bucket.clone(), self.region.clone()).map_err(|error| {
            fault(format!("{error}; where it is no name but a number, set AWS_VIRTUAL_HOSTING=FALSE"))
        })
    }

    /// The same in the words of GDAL, beside the keys, which it finds in the environment itself.
    pub fn for_gdal(&self) -> Vec<(&'static str, String)> {
        let (scheme, host) = self.endpoint.split_once("://").unwrap_or(("https", &self.endpoint));
        let said = |is: bool| if is { "YES" } else { "NO" }.to_owned();
        let mut all =
            vec![("AWS_REGION", self.region.clone()), ("AWS_VIRTUAL_HOSTING", said(self.is_in_host))];
        if self.is_given {
            all.extend([("AWS_S3_ENDPOINT", host.to_owned()), ("AWS_HTTPS", said(scheme == "https"))]);
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(said: &[(&str, &str)]) -> Result<Settings, BucketError> {
        let said: Vec<(String, String)> =
            said.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        Settings::of(&|name| Some(said.iter().find(|(key, _)| key == name)?.1.clone()))
    }

    fn base(settings: &Settings) -> String {
        let address = Address { bucket: "county".to_owned(), key: "a".to_owned() };
        settings
            .bucket(&address)
            .map_or_else(|error| error.to_string(), |bucket| bucket.base_url().to_string())
    }

    #[test]
    fn a_storage_is_named_as_gdal_names_it() {
        let keys = [("AWS_ACCESS_KEY_ID", "a"), ("AWS_SECRET_ACCESS_KEY", "b")];
        let amazon = settings(&[&keys[..], &[("AWS_REGION", "eu-west-1")]].concat()).unwrap();
        assert_eq!(base(&amazon), "https://county.s3.eu-west-1.amazonaws.com/");
        assert!(amazon.for_gdal().iter().all(|(name, _)| *name != "AWS_S3_ENDPOINT"));
        let own =
            [("AWS_S3_ENDPOINT", "127.0.0.1:9000"), ("AWS_HTTPS", "NO"), ("AWS_VIRTUAL_HOSTING", "FALSE")];
        let own = settings(&[&keys[..], &own].concat()).unwrap();
        assert_eq!(base(&own), "http://127.0.0.1:9000/county/");
        assert!(own.for_gdal().contains(&("AWS_S3_ENDPOINT", "127.0.0.1:9000".to_owned())));
        let number = settings(&[&keys[..], &[("AWS_S3_ENDPOINT", "127.0.0.1:9000")]].concat()).unwrap();
        assert!(base(&number).contains("AWS_VIRTUAL_HOSTING=FALSE"), "{}", base(&number));
    }

    #[test]
    fn a_key_that_is_missing_is_named() {
        let said = settings(&[("AWS_ACCESS_KEY_ID", "a")]).unwrap_err().to_string();
        assert!(said.contains("AWS_SECRET_ACCESS_KEY") && said.contains("found nothing"), "{said}");
        assert!(settings(&[("AWS_NO_SIGN_REQUEST", "YES")]).unwrap().credentials.is_none());
        assert!(settings(&[("AWS_HTTPS", "perhaps")]).unwrap_err().to_string().contains("'perhaps'"));
    }
}
