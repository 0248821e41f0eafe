use serde_json::json;

use crate::{Running, fill, open};

#[tokio::test]
async fn one_object_has_the_status_of_its_outcome() {
    let server = Running::new().await;
    let check = async |path: &str, body, status: u16, outcome: &str| {
        let reply = server.post(path, &body).await;
        assert_eq!(
            (reply.status, reply.json()["outcome"].as_str()),
            (status, Some(outcome)),
            "{body}"
        );
        reply.json()
    };
    let first = check("/v1/acks", fill("A", 1, "buy", "1"), 200, "applied").await;
    assert_eq!(first["sequence"], 1);
    // A repeat says where the first was.
    let again = check("/v1/acks", fill("A", 1, "buy", "1"), 200, "duplicate").await;
    assert_eq!(
        (&again["sequence"], &again["position_id"]),
        (&first["sequence"], &first["position_id"])
    );
    let other = check("/v1/acks", fill("A", 1, "buy", "2"), 200, "quarantined").await;
    assert_eq!(other["code"], "exists_with_different_quantity");
    check("/v1/intents", open("i1", "B"), 200, "accepted").await;
    check("/v1/intents", open("i1", "B"), 200, "duplicate").await;
    let refused = check("/v1/intents", open("i2", "B"), 409, "rejected").await;
    assert_eq!(refused["code"], "slot_occupied");
    // Who repeats a refused intent gets the same answer.
    let again = check("/v1/intents", open("i2", "B"), 409, "duplicate").await;
    assert_eq!(
        (&again["sequence"], &again["code"]),
        (&refused["sequence"], &refused["code"])
    );
    let mark = json!({"type": "mark", "venue": "sim", "symbol": "A", "price": "101", "occurred_at": "2024-04-22T23:00:00Z"});
    check("/v1/marks", mark, 200, "applied").await;
    let setting = json!({"type": "account_configured", "venue": "sim", "mode": "sim", "account": "main", "position_mode": "hedging"});
    let refused = check("/v1/config", setting, 409, "rejected").await;
    assert_eq!(refused["code"], "account_in_use");
    let instrument =
        json!({"type": "instrument_configured", "venue": "sim", "symbol": "C", "multiplier": "5"});
    check("/v1/config", instrument, 200, "applied").await;
    server.stop().await;
}

#[tokio::test]
async fn an_invalid_object_is_answered_with_every_problem() {
    let server = Running::new().await;
    let bad = json!({"type": "order_filled", "venue": "sim", "side": "Buy", "quantity": "-1", "colour": 1});
    let reply = server.post("/v1/acks", &bad).await;
    assert_eq!(
        (reply.status, reply.json()["outcome"].as_str()),
        (422, Some("invalid"))
    );
    let problems = reply.json()["problems"].as_array().unwrap().clone();
    assert!(problems.len() >= 8, "{problems:?}");
    assert!(
        problems
            .iter()
            .all(|problem| problem["code"].as_str().unwrap().starts_with("PL-01"))
    );
    for body in [
        "",
        "  ",
        "{",
        "[1,",
        "5",
        "\"text\"",
        "{\"type\":\"order_filled\",\"type\":1}",
    ] {
        let reply = server.post_text("/v1/acks", "application/json", body).await;
        assert_eq!(reply.status, 422, "{body}");
        assert_eq!(reply.json()["outcome"], "invalid", "{body}");
    }
    let deep = format!(
        "{{\"type\":\"order_filled\",\"raw\":{}{}}}",
        "[".repeat(10_000),
        "]".repeat(10_000)
    );
    let reply = server.post_text("/v1/acks", "application/json", deep).await;
    assert_eq!(reply.status, 422);
    // What belongs elsewhere is said where.
    let reply = server.post("/v1/intents", &fill("A", 1, "buy", "1")).await;
    assert_eq!(reply.status, 422);
    assert!(reply.text.contains("/v1/acks"), "{}", reply.text);
    let head = server.get("/ready").await.json()["sequence"].clone();
    assert_eq!(head, 0);
    server.stop().await;
}

#[tokio::test]
async fn a_list_is_answered_with_a_list_in_the_same_order() {
    let server = Running::new().await;
    let list = json!([fill("A", 1, "buy", "1"), {"type": "nonsense"}, fill("A", 1, "buy", "1"), 7, fill("A", 2, "sell", "1")]);
    let reply = server.post("/v1/acks", &list).await;
    assert_eq!(reply.status, 200);
    let outcomes: Vec<String> = reply
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|receipt| receipt["outcome"].as_str().unwrap().to_owned())
        .collect();
    assert_eq!(
        outcomes,
        ["applied", "invalid", "duplicate", "invalid", "applied"]
    );
    let empty = server.post("/v1/acks", &json!([])).await;
    assert_eq!((empty.status, empty.json()), (200, json!([])));
    // More than is handed in at once.
    let many: Vec<_> = (0..10_000)
        .map(|number| fill("M", number, "buy", "1"))
        .collect();
    let reply = server.post("/v1/acks", &json!(many)).await;
    let sequences: Vec<u64> = reply
        .json()
        .as_array()
        .unwrap()
        .iter()
        .map(|receipt| receipt["sequence"].as_u64().unwrap())
        .collect();
    assert_eq!(sequences.len(), 10_000);
    assert!(sequences.is_sorted());
    server.stop().await;
}

#[tokio::test]
async fn what_is_too_large_or_of_another_kind_is_refused() {
    let server = Running::with(|settings| settings.limits.body_bytes_max = 1000).await;
    let large = json!({"type": "order_filled", "raw": "x".repeat(2000)});
    let reply = server.post("/v1/acks", &large).await;
    assert_eq!(
        (reply.status, reply.json()["code"].as_str()),
        (413, Some("PL-0405"))
    );
    assert_eq!(reply.json()["problems"][0]["field"], "body");
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/xml",
    ] {
        let reply = server.post_text("/v1/acks", kind, "{}").await;
        assert_eq!(
            (reply.status, reply.json()["code"].as_str()),
            (415, Some("PL-0408"))
        );
    }
    let compressed = server.client.post(server.url("/v1/acks"));
    let compressed = crate::reply(compressed.header("content-encoding", "gzip").body("x")).await;
    assert_eq!(compressed.status, 415);
    let json = server
        .post_text("/v1/acks", "Application/JSON; charset=utf-8", "{}")
        .await;
    assert_eq!(json.status, 422);
    server.stop().await;
}
