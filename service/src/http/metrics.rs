//! The page of metrics, for Prometheus.

use std::fmt;
use std::sync::Arc;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::text::encode;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;

use crate::metrics::FileLabels;
use crate::state::{CopyState, Service};

/// The format of the page.
pub(super) const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The page.
pub(super) struct MetricsPage(Registry);

/// The states of the cached copies, read for each request.
struct Copies(Arc<Service>);

impl fmt::Debug for Copies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Copies")
    }
}

/// The name of a metric, its documentation, and its value for a copy.
type CopyMetric = (&'static str, &'static str, fn(&CopyState) -> f64);

const COPY_METRICS: [CopyMetric; 4] = [
    ("cache_age_seconds", "How long ago the cached copy of a file was made.", |copy| copy.age.as_secs_f64()),
    ("cache_invalidated", "Whether the cached copy of a file is out of date.", |copy| {
        f64::from(u8::from(copy.is_invalidated))
    }),
    ("held", "Whether a new text of a file is held back.", |copy| f64::from(u8::from(copy.holds))),
    ("pinned", "Whether a file is pinned to an earlier generation.", |copy| {
        f64::from(u8::from(copy.is_pinned))
    }),
];

impl Collector for Copies {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let copies = self.0.copies();
        let first = ConstGauge::new(0.0);
        for (name, help, value) in COPY_METRICS {
            let mut family = encoder.encode_descriptor(name, help, None, first.metric_type())?;
            for copy in &copies {
                let file = FileLabels::new(&copy.file);
                ConstGauge::new(value(copy)).encode(family.encode_family(&file)?)?;
            }
        }
        Ok(())
    }
}

impl MetricsPage {
    pub(super) fn new(service: &Arc<Service>) -> MetricsPage {
        let mut registry = Registry::with_prefix("confgend");
        service.metrics.register(&mut registry);
        registry.register_collector(Box::new(Copies(Arc::clone(service))));
        MetricsPage(registry)
    }

    pub(super) fn text(&self) -> Option<String> {
        let mut text = String::new();
        encode(&mut text, &self.0).ok()?;
        Some(text)
    }
}
