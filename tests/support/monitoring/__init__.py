"""What tests of metrics, rules and dashboard stand on: a real Prometheus."""
