output "app_name" {
  description = "Name of the deployed application."
  value       = juju_application.telemetry_coordinator.name
}

output "provides" {
  description = "Endpoints that the charm provides."
  value = {
    cos_agent       = "cos-agent"
    telemetry_stack = "telemetry-stack"
  }
}

output "requires" {
  description = "Endpoints that the charm requires."
  value = {
    certificates           = "certificates"
    identity_credentials   = "identity-credentials"
    identity_notifications = "identity-notifications"
    member                 = "member"
    metric_service         = "metric-service"
    receive_ca_cert        = "receive-ca-cert"
  }
}
