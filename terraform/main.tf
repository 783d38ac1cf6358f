resource "juju_application" "telemetry_coordinator" {
  name       = var.app_name
  model_uuid = var.model_uuid

  charm {
    name     = "telemetry-coordinator"
    channel  = var.channel
    revision = var.revision
    base     = var.base
  }

  config      = var.config
  constraints = var.constraints
  units       = var.units
}
