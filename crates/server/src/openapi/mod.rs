//! The reference of all routes, made from the types.

pub(crate) mod requests;

use axum::body::Bytes;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use utoipa::OpenApi;

/// What is not about one route.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "posledger",
        description = "The single source of truth for trading positions: intents and acknowledgements in, one durable journal, positions out.\n\nDecimals travel as JSON strings (numbers are accepted where they are exact), times as RFC 3339 in UTC. A field that is not known is an error. Every problem of a request is reported at once, each with a number that `posledger explain` explains. A command may be sent again at any time: a repeat changes nothing and gets the receipt of the first time.",
    ),
    paths(openapi),
    tags(
        (name = "commands", description = "What changes the ledger"),
        (name = "positions", description = "What is held, and what was"),
        (name = "history", description = "What is finished, and sums over it"),
        (name = "journal", description = "The records themselves"),
        (name = "operations", description = "For whoever runs it"),
    )
)]
struct Document;

/// The document before the routes are added.
pub(crate) fn document() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// The document as it is served.
pub(crate) fn to_json(document: &utoipa::openapi::OpenApi) -> Bytes {
    // The document is made of texts, lists and maps: nothing here can fail.
    serde_json::to_vec(document).unwrap_or_default().into()
}

/// This document.
#[utoipa::path(
    get, path = "/openapi.json", tag = "operations",
    responses((status = 200, description = "OpenAPI 3.1", body = Object, content_type = "application/json"))
)]
pub(crate) fn openapi(document: Bytes) -> Response {
    let headers = [(
        header::CONTENT_TYPE,
        HeaderValue::from_static("application/json"),
    )];
    (headers, document).into_response()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ledger::Tenant;
    use protocol::{Family, parse_command};
    use serde_json::{Value, json};
    use utoipa::PartialSchema;

    use super::requests::{
        AcknowledgementRequest, ConfigurationRequest, IntentRequest, MarkRequest,
    };

    /// The fields that the reader of commands knows for a type, as it says them itself. Some are read
    /// only beside others.
    fn fields_read(kind: &str) -> BTreeSet<String> {
        let beside = [json!({}), json!({"venue": "v"}), json!({"filters": {}})];
        beside
            .iter()
            .flat_map(|beside| fields_read_beside(kind, beside))
            .collect()
    }

    fn fields_read_beside(kind: &str, beside: &Value) -> Vec<String> {
        let mut line = beside.clone();
        line["type"] = kind.into();
        line["no_such_field"] = 1.into();
        let tenant = Tenant::default_tenant();
        let problems = parse_command(line.to_string().as_bytes(), None, &tenant).unwrap_err();
        let unknown = problems
            .into_iter()
            .find(|problem| problem.field == "no_such_field")
            .unwrap();
        let words = unknown.expected.split([',', ' ']);
        words
            .filter(|word| !["", "only", "or", "and"].contains(word))
            .map(str::to_owned)
            .collect()
    }

    /// The fields that the schema of a family has for each of its types.
    fn fields_shown<T: PartialSchema + utoipa::ToSchema>() -> Vec<(String, BTreeSet<String>)> {
        let mut schemas = Vec::new();
        T::schemas(&mut schemas);
        let find = |reference: &Value| {
            let name = reference.as_str().unwrap().rsplit('/').next().unwrap();
            let (_, schema) = schemas.iter().find(|(known, _)| known == name).unwrap();
            serde_json::to_value(schema).unwrap()
        };
        let family = serde_json::to_value(T::schema()).unwrap();
        let variants = family["oneOf"].as_array().unwrap();
        variants
            .iter()
            .map(|variant| {
                let mut fields = BTreeSet::new();
                let mut kind = String::new();
                for part in variant["allOf"].as_array().unwrap() {
                    let part = match part.get("$ref") {
                        Some(reference) => find(reference),
                        None => part.clone(),
                    };
                    for (name, property) in part["properties"].as_object().unwrap() {
                        fields.insert(name.clone());
                        if name == "type" {
                            kind = property["enum"][0].as_str().unwrap().to_owned();
                        }
                    }
                }
                (kind, fields)
            })
            .collect()
    }

    fn check<T: PartialSchema + utoipa::ToSchema>(family: Family) {
        let shown = fields_shown::<T>();
        let kinds: BTreeSet<&str> = shown.iter().map(|(kind, _)| kind.as_str()).collect();
        assert_eq!(kinds, family.types().iter().copied().collect());
        for (kind, fields) in &shown {
            assert_eq!(*fields, fields_read(kind), "{kind}");
        }
    }

    #[test]
    fn what_is_documented_is_what_is_read() {
        check::<IntentRequest>(Family::Intent);
        check::<AcknowledgementRequest>(Family::Acknowledgement);
        check::<MarkRequest>(Family::Mark);
        check::<ConfigurationRequest>(Family::Configuration);
    }
}
