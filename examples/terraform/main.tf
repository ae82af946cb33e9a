# Holdfast at Fastly: the service, its backend, Fanout, and the package that `fastly compute pack` made of edge/. docs/fastly.md says the rest.
#
#   terraform init && FASTLY_API_KEY=… terraform apply -var domain=flags.example.com -var origin=holdfast.example.com

terraform {
  required_version = ">= 1.5"
  required_providers {
    fastly = {
      source  = "fastly/fastly"
      version = ">= 5.10, < 10"
    }
  }
}

variable "domain" {
  description = "What clients connect to. Its DNS must lead to Fastly, and Fastly must have a certificate for it."
  type        = string
}

variable "origin" {
  description = "Where the Holdfast nodes are reached by TLS, with a certificate of a public authority."
  type        = string
}

variable "package" {
  description = "The package of the edge program: npm run edge:build, then fastly compute pack --wasm-binary bin/main.wasm in edge/."
  type        = string
  default     = "../../edge/pkg/package.tar.gz"
}

data "fastly_package_hash" "edge" {
  filename = var.package
}

resource "fastly_service_compute" "holdfast" {
  name = "holdfast"

  domain {
    name = var.domain
  }

  # The name that the program hands over to. Fanout honours name, address, TLS and the overridden host, and nothing else of a backend: no
  # shield, no client certificate. The timeouts and the health check count for what goes by way of the cache.
  backend {
    name              = "origin"
    address           = var.origin
    port              = 443
    use_ssl           = true
    ssl_cert_hostname = var.origin
    ssl_sni_hostname  = var.origin
    override_host     = var.origin
    healthcheck       = "ready"
  }

  # A backend that is not healthy is answered for by stale copies.
  healthcheck {
    name              = "ready"
    host              = var.origin
    path              = "/readyz"
    method            = "GET"
    expected_response = 200
    check_interval    = 5000
    timeout           = 2000
    window            = 5
    threshold         = 3
    initial           = 3
  }

  package {
    filename         = var.package
    source_code_hash = data.fastly_package_hash.edge.hash
  }

  product_enablement {
    fanout = true
  }
}

output "service_id" {
  description = "For GRIP_URL and HOLDFAST_PURGE_URL."
  value       = fastly_service_compute.holdfast.id
}

output "grip_url" {
  description = "GRIP_URL, but for the token."
  value       = "https://api.fastly.com/service/${fastly_service_compute.holdfast.id}?key=TOKEN&verify-iss=fastly:${fastly_service_compute.holdfast.id}"
}
