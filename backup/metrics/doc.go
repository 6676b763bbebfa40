// Package metrics writes what the machine remembers of its jobs as a file for a
// collector of metrics. The file is OpenMetrics text, and kept to what the text
// format of Prometheus has in common with it, so that the textfile collector of
// node_exporter takes it as it is. docs/logging.md lists the families.
package metrics
