# The coordinator beside a cloud that is there already: the model has these applications.
#
#   terraform init
#   terraform apply -var model_uuid="$(juju show-model openstack --format json | jq -r '.[]["model-uuid"]')"

terraform {
  required_version = ">= 1.6"

  required_providers {
    juju = {
      source  = "juju/juju"
      version = ">= 1.0, < 3.0"
    }
  }
}

variable "model_uuid" {
  description = "UUID of the model that holds keystone, gnocchi, vault and ceilometer."
  type        = string
}

module "telemetry_coordinator" {
  source     = "../.."
  model_uuid = var.model_uuid
}

locals {
  # By the name of the coordinator's output: the application and its endpoint.
  integrations = {
    identity_credentials   = { name = "keystone", endpoint = "identity-credentials" }
    identity_notifications = { name = "keystone", endpoint = "identity-notifications" }
    metric_service         = { name = "gnocchi", endpoint = "metric-service" }
    certificates           = { name = "vault", endpoint = "certificates" }
    member                 = { name = "ceilometer", endpoint = "juju-info" }
  }
}

resource "juju_integration" "coordinator" {
  for_each   = local.integrations
  model_uuid = var.model_uuid

  application {
    name     = module.telemetry_coordinator.app_name
    endpoint = module.telemetry_coordinator.requires[each.key]
  }

  application {
    name     = each.value.name
    endpoint = each.value.endpoint
  }
}
