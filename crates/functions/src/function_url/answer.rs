//! An answer in one piece, as large as Lambda carries it.
//!
//! Must not know: what was asked.

use api::{Problem, Refusal};
use axum::body::Body;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures::StreamExt;

/// The most bytes of an answer's body as it travels, which is as a text in JSON. Lambda carries 6 MB in all, 6,291,556 bytes
/// (Lambda quotas, "Invocation payload"); the rest is for the headers.
const LARGEST: usize = 6_200_000;

/// The answer, read to its end, or the problem that it is too large or broke off.
pub(super) async fn whole(response: Response) -> (StatusCode, HeaderMap, Vec<u8>) {
    let (mut parts, body) = response.into_parts();
    match read(body).await {
        Ok(bytes) => {
            parts.headers.remove(header::CONTENT_LENGTH);
            (parts.status, parts.headers, bytes)
        }
        Err(problem) => {
            let (parts, body) = problem.into_parts();
            (parts.status, parts.headers, read(body).await.unwrap_or_default())
        }
    }
}

async fn read(body: Body) -> Result<Vec<u8>, Response> {
    let (mut whole, mut pieces) = (Vec::new(), body.into_data_stream());
    while let Some(piece) = pieces.next().await {
        // What broke off was logged where it happened.
        let broken = |_| Problem::of(Refusal::Unavailable, "the answer broke off; try again").into_response();
        whole.extend_from_slice(&piece.map_err(broken)?);
        if whole.len() > LARGEST {
            return Err(too_large());
        }
    }
    if travelling(&whole) <= LARGEST { Ok(whole) } else { Err(too_large()) }
}

/// The length of a body as a text in JSON, or in Base64 if it is none.
fn travelling(bytes: &[u8]) -> usize {
    match std::str::from_utf8(bytes) {
        Ok(text) => serde_json::to_string(text).map_or(usize::MAX, |text| text.len()),
        Err(_) => bytes.len().div_ceil(3) * 4,
    }
}

fn too_large() -> Response {
    let detail = "Lambda carries 6 MB; take it in parts by `limit`, narrow it by type, object or state, or read /records page by page";
    Problem::of(Refusal::AnswerTooLarge, detail).into_response()
}
