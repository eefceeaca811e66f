//! Private keys: which form a PEM has, which algorithm it signs with.
//!
//! Okta's service apps use RSA and EC keys ("Implement OAuth for Okta with a service app"). The signing library reads EC keys in PKCS#8 only,
//! so the form of `openssl ecparam -genkey` (SEC1) is converted.

use std::fmt;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, RsaKeyPair,
};
use base64::Engine as _;
use jsonwebtoken::{Algorithm, EncodingKey};

use crate::okta::error::SetupError;

/// A key with its algorithm.
pub(super) struct SigningKey {
    pub(super) algorithm: Algorithm,
    pub(super) key: EncodingKey,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

const CURVES: [(&EcdsaSigningAlgorithm, Algorithm); 2] =
    [(&ECDSA_P256_SHA256_FIXED_SIGNING, Algorithm::ES256), (&ECDSA_P384_SHA384_FIXED_SIGNING, Algorithm::ES384)];

impl SigningKey {
    /// Reads a key from PEM: RSA or EC, PKCS#8, PKCS#1 or SEC1.
    pub(super) fn from_pem(pem: &str) -> Result<Self, SetupError> {
        let (label, der) = private_block(pem)?;
        let ec = |pair: Result<EcdsaKeyPair, _>, algorithm| {
            let pair = pair.ok()?;
            let der = pair.to_pkcs8v1().ok()?;
            Some(Self { algorithm, key: EncodingKey::from_ec_der(der.as_ref()) })
        };
        let found = match label {
            "EC PRIVATE KEY" => CURVES
                .iter()
                .find_map(|(curve, algorithm)| ec(EcdsaKeyPair::from_private_key_der(curve, &der), *algorithm)),
            "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der).ok().and_then(|_| rsa(pem)),
            "PRIVATE KEY" => CURVES
                .iter()
                .find_map(|(curve, algorithm)| ec(EcdsaKeyPair::from_pkcs8(curve, &der), *algorithm))
                .or_else(|| RsaKeyPair::from_pkcs8(&der).ok().and_then(|_| rsa(pem))),
            "ENCRYPTED PRIVATE KEY" => {
                return Err(SetupError::Key("is encrypted; decrypt it (openssl pkey -in FILE -out FILE)"));
            }
            _ => {
                return Err(SetupError::Key(
                    "is of a kind that okta does not take; use an RSA key, or EC P-256 or P-384",
                ));
            }
        };
        found.ok_or(SetupError::Key("is damaged, or of a kind that okta does not take; use an RSA key of 2048 bits or more, or EC P-256 or P-384"))
    }

    /// A new key for proofs of possession, which is never the client's own.
    pub(super) fn generate() -> Option<Self> {
        let (curve, algorithm) = CURVES[0];
        let der = EcdsaKeyPair::generate(curve).ok()?.to_pkcs8v1().ok()?;
        Some(Self { algorithm, key: EncodingKey::from_ec_der(der.as_ref()) })
    }
}

fn rsa(pem: &str) -> Option<SigningKey> {
    let key = EncodingKey::from_rsa_pem(pem.as_bytes()).ok()?;
    Some(SigningKey { algorithm: Algorithm::RS256, key })
}

/// The block with the private key; `openssl ecparam` writes one with parameters before it.
fn private_block(pem: &str) -> Result<(&str, Vec<u8>), SetupError> {
    let missing = SetupError::Key("is not in PEM form; write it so that it begins with -----BEGIN … PRIVATE KEY-----");
    for part in pem.split("-----BEGIN ").skip(1) {
        let Some((label, rest)) = part.split_once("-----") else { continue };
        if !label.ends_with("PRIVATE KEY") {
            continue;
        }
        let body: String = rest.split("-----END").next().unwrap_or_default().split_whitespace().collect();
        let der = base64::engine::general_purpose::STANDARD.decode(body);
        // An encrypted key of the old form has headers in its body; its label does not show it.
        return der
            .map(|der| (label, der))
            .map_err(|_| SetupError::Key("is damaged or encrypted; write it anew, without a password"));
    }
    Err(missing)
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::encoding::{AsDer, EcPrivateKeyRfc5915Der, Pkcs8V1Der};
    use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
    use aws_lc_rs::signature::{
        ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    };
    use base64::Engine as _;
    use jsonwebtoken::{Algorithm, Header};

    use super::SigningKey;

    fn pem(label: &str, der: &[u8]) -> String {
        let body = base64::engine::general_purpose::STANDARD.encode(der);
        let lines: Vec<&str> = body.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
        format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", lines.join("\n"))
    }

    /// The key is read, and signs.
    #[track_caller]
    fn check(pem: &str, algorithm: Algorithm) {
        let key = SigningKey::from_pem(pem).expect("a key");
        assert_eq!(key.algorithm, algorithm);
        let token = jsonwebtoken::encode(&Header::new(algorithm), &serde_json::json!({"x": 1}), &key.key);
        assert_eq!(token.expect("signed").split('.').count(), 3);
    }

    #[test]
    fn every_form_of_every_kind_is_read() {
        let curves: [(&EcdsaSigningAlgorithm, Algorithm); 2] = [
            (&ECDSA_P256_SHA256_FIXED_SIGNING, Algorithm::ES256),
            (&ECDSA_P384_SHA384_FIXED_SIGNING, Algorithm::ES384),
        ];
        for (curve, algorithm) in curves {
            let pair = EcdsaKeyPair::generate(curve).unwrap();
            check(&pem("PRIVATE KEY", pair.to_pkcs8v1().unwrap().as_ref()), algorithm);
            let sec1 = AsDer::<EcPrivateKeyRfc5915Der<'_>>::as_der(&pair.private_key()).unwrap();
            let sec1 = pem("EC PRIVATE KEY", sec1.as_ref());
            check(&sec1, algorithm);
            check(
                &format!("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n{sec1}"),
                algorithm,
            );
            check(&sec1.replace('\n', "\r\n"), algorithm);
        }
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).unwrap();
        let pkcs8 = AsDer::<Pkcs8V1Der<'_>>::as_der(&pair).unwrap();
        check(&pem("PRIVATE KEY", pkcs8.as_ref()), Algorithm::RS256);
        // PKCS#1 is inside PKCS#8, after the 26 bytes that name the algorithm.
        check(&pem("RSA PRIVATE KEY", &pkcs8.as_ref()[26..]), Algorithm::RS256);
    }

    #[track_caller]
    fn refused(pem: &str, word: &str) {
        let error = SigningKey::from_pem(pem).expect_err("no key").to_string();
        assert!(error.contains(word), "{error}");
    }

    #[test]
    fn what_is_no_key_is_told_from_what_is_damaged_or_encrypted() {
        refused("", "is not in PEM form");
        refused("ssh-rsa AAAA", "is not in PEM form");
        refused(&pem("PUBLIC KEY", b"x"), "is not in PEM form");
        refused(&pem("PRIVATE KEY", b"x"), "is damaged");
        refused(&pem("ENCRYPTED PRIVATE KEY", b"x"), "is encrypted");
        refused(&pem("OPENSSH PRIVATE KEY", b"x"), "does not take");
        refused(
            "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END RSA PRIVATE KEY-----",
            "encrypted",
        );
    }

    #[test]
    fn debug_shows_no_key() {
        let key = SigningKey::generate().expect("a key");
        assert_eq!(format!("{key:?}"), "SigningKey { algorithm: ES256, .. }");
    }
}
