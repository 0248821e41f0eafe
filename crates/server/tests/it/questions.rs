use serde_json::{Value, json};

use crate::{Running, fill, open};

async fn traded() -> Running {
    let server = Running::new().await;
    server
        .post(
            "/v1/acks",
            &json!([
                fill("A", 1, "buy", "2"),
                fill("A", 2, "sell", "2"),
                fill("B", 3, "sell", "1"),
                fill("A", 4, "buy", "1"),
            ]),
        )
        .await;
    server.post("/v1/intents", &open("i1", "C")).await;
    server
}

#[tokio::test]
async fn every_list_answers_with_a_page() {
    let server = traded().await;
    let head = server.get("/ready").await.json()["sequence"].clone();
    for (path, count) in [
        ("/v1/positions", 3),
        ("/v1/positions?state=closed", 1),
        ("/v1/positions?symbol=A&side=long&account=sim:sim:main", 1),
        ("/v1/positions?sort=-symbol&limit=2", 2),
        ("/v1/trades", 1),
        ("/v1/orders", 1),
        ("/v1/orders?status=working", 1),
        ("/v1/fills", 4),
        ("/v1/fills?symbol=A&newest_first=true", 3),
        ("/v1/stats", 1),
        ("/v1/stats?by=symbol", 2),
        ("/v1/events?from=2&limit=3", 3),
    ] {
        let reply = server.get(path).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text);
        // Only a stream comes without its length.
        let length = reply.text.len().to_string();
        assert_eq!(reply.headers["content-length"], length, "{path}");
        let page = reply.json();
        assert_eq!(page["as_of_sequence"], head, "{path}");
        assert_eq!(page["items"].as_array().unwrap().len(), count, "{path}");
    }
    let page = server.get("/v1/fills?limit=3").await.json();
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = server
        .get(&format!("/v1/fills?limit=3&cursor={cursor}"))
        .await
        .json();
    assert_eq!(rest["items"].as_array().unwrap().len(), 1);
    assert_eq!(rest["next_cursor"], Value::Null);
    server.stop().await;
}

#[tokio::test]
async fn a_position_has_a_page_a_past_and_events() {
    let server = traded().await;
    let id = server.get("/v1/trades").await.json()["items"][0]["position_id"].clone();
    let id = id.as_str().unwrap();
    let now = server.get(&format!("/v1/positions/{id}")).await;
    assert_eq!(
        (now.status, now.json()["state"].as_str()),
        (200, Some("closed"))
    );
    let then = server
        .get(&format!("/v1/positions/{id}?as_of=3"))
        .await
        .json();
    assert_eq!(
        (then["state"].as_str(), then["quantity"].as_str()),
        (Some("open"), Some("2"))
    );
    let events = server
        .get(&format!("/v1/positions/{id}/events"))
        .await
        .json();
    assert_eq!(events["items"][0]["type"], "order_filled");
    let open_then = server.get("/v1/positions?as_of=3").await.json();
    assert_eq!(open_then["items"][0]["position_id"], id);
    server.stop().await;
}

#[tokio::test]
async fn what_cannot_be_answered_says_why() {
    let server = traded().await;
    let nobody = "01890000-0000-7000-8000-000000000000";
    for (path, status, code) in [
        ("/v1/positions?state=opened".to_owned(), 422, "PL-0116"),
        ("/v1/positions?symbl=A".to_owned(), 422, "PL-0110"),
        ("/v1/positions?limit=x".to_owned(), 422, "PL-0406"),
        (
            "/v1/positions?limit=1001&side=up".to_owned(),
            422,
            "PL-0406",
        ),
        ("/v1/positions?as_of=9999".to_owned(), 422, "PL-0409"),
        ("/v1/positions?as_of=soon".to_owned(), 422, "PL-0115"),
        ("/v1/trades?cursor=abc".to_owned(), 422, "PL-0407"),
        ("/v1/orders?position=zzzz".to_owned(), 422, "PL-0118"),
        ("/v1/orders?position=00000000".to_owned(), 404, "PL-0404"),
        ("/v1/fills?side=long".to_owned(), 422, "PL-0116"),
        ("/v1/stats?by=week".to_owned(), 422, "PL-0116"),
        ("/v1/events?from=-1".to_owned(), 422, "PL-0406"),
        ("/v1/positions/x".to_owned(), 422, "PL-0118"),
        (format!("/v1/positions/{nobody}"), 404, "PL-0404"),
        (format!("/v1/positions/{nobody}/events"), 404, "PL-0404"),
        ("/v1/nothing".to_owned(), 404, "PL-0404"),
        ("/".to_owned(), 404, "PL-0404"),
    ] {
        let reply = server.get(&path).await;
        assert_eq!(
            (reply.status, reply.json()["code"].as_str()),
            (status, Some(code)),
            "{path}"
        );
        let view = reply.json();
        assert!(!view["title"].as_str().unwrap().is_empty(), "{path}");
        let problem = &view["problems"][0];
        for field in ["code", "field", "found", "expected", "remedy"] {
            assert!(
                !problem[field].as_str().unwrap().is_empty(),
                "{path}: {field}"
            );
        }
    }
    let both = server.get("/v1/positions?limit=1001&side=up").await.json();
    assert_eq!(both["problems"].as_array().unwrap().len(), 2);
    let wrong = crate::reply(server.client.delete(server.url("/v1/positions"))).await;
    assert_eq!(
        (wrong.status, wrong.json()["code"].as_str()),
        (405, Some("PL-0410"))
    );
    assert!(wrong.headers["allow"].to_str().unwrap().contains("GET"));
    server.stop().await;
}
