resource "juju_application" "telemetry_coordinator" {
  name       = var.app_name
  model_uuid = var.model_uuid

  charm {
    name     = "telemetry-coordinator"
    channel  = var.channel
    revision = var.revision
    base     = var.base
  }

  config            = var.config
  constraints       = var.constraints
  endpoint_bindings = var.endpoint_bindings
  machines          = var.machines
  # Juju takes the number of units from the machines where these are given.
  units = var.machines == null ? var.units : null
}
