//! `traceparent` to and from OpenTelemetry's context.

use http::{HeaderMap, HeaderValue};
use opentelemetry::propagation::{Extractor, Injector, TextMapPropagator};
use opentelemetry::trace::TraceContextExt;
use opentelemetry_sdk::propagation::TraceContextPropagator;
use tracing::Span;
use tracing_opentelemetry::OpenTelemetrySpanExt;

const TRACEPARENT: &str = "traceparent";

/// Shows the one header that is taken over.
struct Received<'a>(&'a HeaderMap);

impl Extractor for Received<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        (key == TRACEPARENT).then(|| self.0.get(key)?.to_str().ok())?
    }

    fn keys(&self) -> Vec<&str> {
        vec![TRACEPARENT]
    }
}

/// Takes the one header that is passed on.
struct Sent<'a>(&'a mut HeaderMap);

impl Injector for Sent<'_> {
    fn set(&mut self, key: &str, value: String) {
        if let (TRACEPARENT, Ok(value)) = (key, HeaderValue::from_str(&value)) {
            self.0.insert(TRACEPARENT, value);
        }
    }
}

pub(crate) fn follow(span: &Span, headers: &HeaderMap, trusted: impl FnOnce() -> bool) {
    let parent = TraceContextPropagator::new().extract(&Received(headers));
    let named = parent.span().span_context().clone();
    if !named.is_valid() {
        return;
    }
    if trusted() {
        // Fails where nothing is traced, which is how most run.
        let _untraced = span.set_parent(parent);
    } else {
        span.add_link(named);
    }
}

pub(crate) fn carry(headers: &mut HeaderMap) {
    TraceContextPropagator::new().inject_context(&Span::current().context(), &mut Sent(headers));
}

#[cfg(test)]
mod tests {
    use super::*;
    use opentelemetry::trace::TracerProvider;
    use opentelemetry_sdk::trace::{Sampler, SdkTracerProvider};
    use tracing_subscriber::layer::SubscriberExt;

    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

    /// The traceparent and tracestate that a call carries on whose request came with this traceparent.
    fn passed_on(traceparent: &str, trusted: bool, sampler: Sampler) -> (Option<String>, bool) {
        let sampler = Sampler::ParentBased(Box::new(sampler));
        let tracer = SdkTracerProvider::builder()
            .with_sampler(sampler)
            .build()
            .tracer("test");
        let layer = tracing_opentelemetry::layer().with_tracer(tracer);
        tracing::subscriber::with_default(tracing_subscriber::registry().with(layer), || {
            let mut received = HeaderMap::new();
            received.insert(TRACEPARENT, HeaderValue::from_str(traceparent).unwrap());
            received.insert("tracestate", HeaderValue::from_static("vendor=13800138000"));
            let span = tracing::info_span!("request");
            follow(&span, &received, || trusted);
            let mut sent = HeaderMap::new();
            span.in_scope(|| carry(&mut sent));
            let told = sent
                .get(TRACEPARENT)
                .map(|value| value.to_str().unwrap().to_owned());
            (told, sent.contains_key("tracestate"))
        })
    }

    #[test]
    fn a_trace_goes_on_under_a_span_of_its_own_and_without_what_strangers_added() {
        let traceparent = format!("00-{TRACE}-00f067aa0ba902b7-01");
        let (told, state) = passed_on(&traceparent, true, Sampler::AlwaysOff);
        let told = told.unwrap();
        assert!(
            told.starts_with(&format!("00-{TRACE}-")) && told.ends_with("-01"),
            "{told}"
        );
        assert!(!told.contains("00f067aa0ba902b7"), "{told}");
        assert!(!state);
    }

    #[test]
    fn a_stranger_neither_forces_nor_prevents_sampling_and_names_no_trace() {
        for (flags, sampler, sampled) in [
            ("01", Sampler::AlwaysOff, "-00"),
            ("00", Sampler::AlwaysOn, "-01"),
        ] {
            let traceparent = format!("00-{TRACE}-00f067aa0ba902b7-{flags}");
            let (told, _) = passed_on(&traceparent, false, sampler);
            let told = told.unwrap();
            assert!(
                told.ends_with(sampled) && !told.contains(TRACE),
                "{flags}: {told}"
            );
        }
    }

    #[test]
    fn nonsense_begins_a_trace_of_its_own() {
        for nonsense in [
            "",
            "00",
            "zz-yy-xx-ww",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        ] {
            let (told, _) = passed_on(nonsense, true, Sampler::AlwaysOn);
            let told = told.unwrap();
            assert!(
                told.len() == 55 && !told.contains("00f067aa0ba902b7"),
                "{nonsense}: {told}"
            );
        }
    }

    #[test]
    fn where_nothing_is_traced_nothing_is_carried() {
        let mut sent = HeaderMap::new();
        carry(&mut sent);
        assert!(sent.is_empty());
    }
}
