use std::time::Duration;

use futures_util::StreamExt as _;
use reqwest::header::{ACCEPT, CONTENT_TYPE};
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::{Running, fill, in_time, open, reply};

const LINES: &str = "application/x-ndjson";

/// A body that is sent line by line, as somebody decides.
fn live_body() -> (mpsc::Sender<String>, reqwest::Body) {
    let (lines, sent) = mpsc::channel::<String>(1);
    let stream = futures_util::stream::unfold(sent, |mut sent| async {
        let line = sent.recv().await?;
        Some((Ok::<_, std::io::Error>(line), sent))
    });
    (lines, reqwest::Body::wrap_stream(stream))
}

/// The lines of an answer, one at a time as they come.
struct Answers {
    response: reqwest::Response,
    text: String,
}

impl Answers {
    async fn next(&mut self) -> Option<Value> {
        loop {
            if let Some(end) = self.text.find('\n') {
                let line: String = self.text.drain(..=end).collect();
                return Some(serde_json::from_str(&line).unwrap());
            }
            let piece = in_time(self.response.chunk()).await.ok()??;
            self.text.push_str(str::from_utf8(&piece).unwrap());
        }
    }
}

#[tokio::test]
async fn lines_are_answered_by_lines_in_order_bad_ones_too() {
    let server = Running::with(|settings| settings.limits.line_bytes_max = 2000).await;
    let mut body = String::new();
    let mut expected = Vec::new();
    for number in 0..3000_u32 {
        match number % 100 {
            50 => {
                body.push_str("{\"type\":\"order_filled\",\"side\":\"up\"}\n\n");
                expected.push("invalid");
            }
            60 => {
                body.push_str(&"x".repeat(3000));
                body.push('\n');
                expected.push("invalid");
            }
            70 => {
                body.push_str("not json\r\n");
                expected.push("invalid");
            }
            80 => {
                body.push_str(&fill("A", number - 1, "buy", "1").to_string());
                body.push('\n');
                expected.push("duplicate");
            }
            _ => {
                body.push_str(&fill("A", number, "buy", "1").to_string());
                body.push('\n');
                expected.push("applied");
            }
        }
    }
    let reply = server
        .post_text("/v1/acks", LINES, body.trim_end().to_owned())
        .await;
    assert_eq!(reply.status, 200);
    assert_eq!(reply.headers[CONTENT_TYPE], LINES);
    let lines = reply.lines();
    let outcomes: Vec<&str> = lines
        .iter()
        .map(|line| line["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(outcomes, expected);
    // Empty lines count: the first problem is on line 51, the next after an empty one.
    assert_eq!(lines[50]["problems"][0]["line"], 51);
    assert_eq!(lines[60]["problems"][0]["line"], 62);
    assert_eq!(lines[60]["code"], "PL-0103");
    server.stop().await;
}

#[tokio::test]
async fn each_line_is_answered_before_the_next_is_sent() {
    let server = Running::new().await;
    let (lines, body) = live_body();
    let request = server
        .client
        .post(server.url("/v1/intents"))
        .header(CONTENT_TYPE, LINES);
    let sending = tokio::spawn(request.body(body).send());
    lines.send(format!("{}\n", open("i0", "S0"))).await.unwrap();
    let response = sending.await.unwrap().unwrap();
    let mut answers = Answers {
        response,
        text: String::new(),
    };
    assert_eq!(answers.next().await.unwrap()["outcome"], "accepted");
    for number in 1..20 {
        let line = open(&format!("i{number}"), &format!("S{number}")).to_string();
        // Also when it comes in two pieces.
        let (head, tail) = line.split_at(number);
        lines.send(head.to_owned()).await.unwrap();
        lines.send(format!("{tail}\n")).await.unwrap();
        let answer = answers.next().await.unwrap();
        assert_eq!(answer["outcome"], "accepted");
        // It is durable and seen by everybody else.
        let page = server
            .get(&format!("/v1/positions?symbol=S{number}"))
            .await
            .json();
        assert_eq!(page["items"][0]["position_id"], answer["position_id"]);
    }
    drop(lines);
    assert!(answers.next().await.is_none());
    server.stop().await;
}

#[tokio::test]
async fn a_client_that_sends_all_before_it_reads_is_served() {
    let server = Running::new().await;
    let count = 50_000;
    let lines: Vec<String> = (0..count)
        .map(|number| fill("A", number, "buy", "1").to_string())
        .collect();
    let body = lines.join("\n");
    let response = server
        .client
        .post(server.url("/v1/acks"))
        .header(CONTENT_TYPE, LINES)
        .body(body)
        .send()
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(300)).await;
    let text = response.text().await.unwrap();
    assert_eq!(text.lines().count(), usize::try_from(count).unwrap());
    assert!(text.lines().all(|line| line.contains("\"applied\"")));
    server.stop().await;
}

#[tokio::test]
async fn an_idle_stream_is_cut_and_its_answers_stand() {
    let server = Running::with(|settings| {
        settings.limits.idle_timeout = Duration::from_millis(200);
    })
    .await;
    let (lines, body) = live_body();
    let request = server
        .client
        .post(server.url("/v1/acks"))
        .header(CONTENT_TYPE, LINES);
    let sending = tokio::spawn(request.body(body).send());
    lines
        .send(format!("{}\n", fill("A", 1, "buy", "1")))
        .await
        .unwrap();
    let mut response = sending.await.unwrap().unwrap();
    let first = response.chunk().await.unwrap().unwrap();
    assert!(str::from_utf8(&first).unwrap().contains("applied"));
    // The rest is a cut, not an end.
    assert!(response.chunk().await.is_err());
    let (lines, body) = live_body();
    let request = server
        .client
        .post(server.url("/v1/acks"))
        .header(CONTENT_TYPE, "application/json");
    let slow = tokio::spawn(reply(request.body(body)));
    lines.send("{".to_owned()).await.unwrap();
    let slow = slow.await.unwrap();
    assert_eq!(slow.status, 408);
    server.stop().await;
}

#[tokio::test]
async fn one_request_more_than_allowed_is_told_to_come_again() {
    let server = Running::with(|settings| settings.limits.requests_max = 1).await;
    let (lines, body) = live_body();
    let request = server
        .client
        .post(server.url("/v1/acks"))
        .header(CONTENT_TYPE, LINES);
    let sending = tokio::spawn(request.body(body).send());
    lines
        .send(format!("{}\n", fill("A", 1, "buy", "1")))
        .await
        .unwrap();
    let mut response = sending.await.unwrap().unwrap();
    response.chunk().await.unwrap();
    let busy = server.post("/v1/acks", &fill("A", 2, "buy", "1")).await;
    assert_eq!(
        (busy.status, busy.json()["code"].as_str()),
        (503, Some("PL-0401"))
    );
    assert_eq!(busy.headers["retry-after"], "1");
    // Whoever watches is answered all the same.
    assert_eq!(server.get("/health").await.status, 200);
    drop(lines);
    while response.chunk().await.unwrap().is_some() {}
    drop(response);
    let mut status = 503;
    while status == 503 {
        status = server
            .post("/v1/acks", &fill("A", 2, "buy", "1"))
            .await
            .status;
    }
    assert_eq!(status, 200);
    server.stop().await;
}

#[tokio::test]
async fn the_journal_streams_and_follows() {
    let server = Running::new().await;
    for number in 0..3 {
        server
            .post("/v1/acks", &fill("A", number, "buy", "1"))
            .await;
    }
    let all = server
        .client
        .get(server.url("/v1/events"))
        .header(ACCEPT, LINES);
    let all = reply(all).await;
    assert_eq!(all.headers[CONTENT_TYPE], LINES);
    let sequences: Vec<u64> = all
        .lines()
        .iter()
        .map(|event| event["sequence"].as_u64().unwrap())
        .collect();
    let head = server.get("/ready").await.json()["sequence"]
        .as_u64()
        .unwrap();
    assert_eq!(sequences, (1..=head).collect::<Vec<_>>());
    let limited = server
        .client
        .get(server.url("/v1/events?from=2&limit=2"))
        .header(ACCEPT, LINES);
    assert_eq!(reply(limited).await.lines().len(), 2);

    let path = format!("/v1/events?from={head}&follow=true");
    let following = server.client.get(server.url(&path)).header(ACCEPT, LINES);
    let response = following.send().await.unwrap();
    let mut answers = Answers {
        response,
        text: String::new(),
    };
    assert_eq!(answers.next().await.unwrap()["sequence"], head);
    for number in 10..15 {
        let receipt = server
            .post("/v1/acks", &fill("B", number, "buy", "1"))
            .await
            .json();
        loop {
            let event = answers.next().await.unwrap();
            if event["sequence"] == receipt["sequence"] {
                assert_eq!(event["data"]["fill"]["execution_id"], number.to_string());
                break;
            }
        }
    }
    // The process stops, and the stream with it.
    let stopping = tokio::spawn(server.stop());
    while answers.next().await.is_some() {}
    stopping.await.unwrap();
}

#[tokio::test]
async fn what_was_taken_before_a_stop_is_answered() {
    let server = Running::new().await;
    let address = server.url("/v1/acks");
    let (lines, body) = live_body();
    let request = server.client.post(&address).header(CONTENT_TYPE, LINES);
    let sending = tokio::spawn(request.body(body).send());
    lines
        .send(format!("{}\n", fill("A", 1, "buy", "1")))
        .await
        .unwrap();
    let response = sending.await.unwrap().unwrap();
    let mut stream = response.bytes_stream();
    let first = stream.next().await.unwrap().unwrap();
    let dir = server.stop().await;
    assert!(str::from_utf8(&first).unwrap().contains("applied"));
    assert!(stream.next().await.unwrap().is_err());
    // It is there when the ledger comes back.
    let server = Running::over(dir, |_| {}).await;
    let again = server
        .post("/v1/acks", &fill("A", 1, "buy", "1"))
        .await
        .json();
    assert_eq!(
        again,
        json!({"outcome": "duplicate", "sequence": 1, "position_id": again["position_id"], "code": null, "problems": []})
    );
    server.stop().await;
}
