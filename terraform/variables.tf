variable "model_uuid" {
  description = "UUID of the model to deploy to; the model that holds keystone and gnocchi is the usual choice."
  type        = string
}

variable "app_name" {
  description = "Name of the application in the model."
  type        = string
  default     = "telemetry-coordinator"
}

variable "channel" {
  description = "Charmhub channel to deploy from."
  type        = string
  default     = "latest/stable"
}

variable "revision" {
  description = "Revision of the charm; by default the newest one in the channel."
  type        = number
  default     = null
  nullable    = true
}

variable "base" {
  description = "Base of the machines: ubuntu@22.04 or ubuntu@24.04."
  type        = string
  default     = "ubuntu@24.04"

  validation {
    condition     = contains(["ubuntu@22.04", "ubuntu@24.04"], var.base)
    error_message = "The charm runs on ubuntu@22.04 and ubuntu@24.04."
  }
}

variable "config" {
  description = "Options of the charm, by name; all values as strings."
  type        = map(string)
  default     = {}
}

variable "constraints" {
  description = "Constraints of the machines, for example \"arch=arm64 mem=2G\"; by default those of the model."
  type        = string
  default     = null
  nullable    = true
}

variable "endpoint_bindings" {
  description = "Network spaces: one entry without an endpoint is the default, the others name an endpoint or one of the extra bindings public, internal and admin."
  type = set(object({
    space    = string
    endpoint = optional(string)
  }))
  default  = null
  nullable = true
}

variable "machines" {
  description = "IDs of existing machines for the units, one unit on each; units is then not used."
  type        = set(string)
  default     = null
  nullable    = true
}

variable "units" {
  description = "Number of units; one leads, the others stand by. Not used where machines are given."
  type        = number
  default     = 1

  validation {
    condition     = var.units >= 0 && floor(var.units) == var.units
    error_message = "The number of units must be a whole number, 0 or more."
  }
}
