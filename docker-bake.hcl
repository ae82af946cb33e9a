# The image for both architectures:
#   VERSION=0.1.0 REVISION=$(git rev-parse HEAD) REGISTRY=registry.example.com/holdfast docker buildx bake --push
# The bases in the Dockerfile are pinned by the digest of the index of all platforms, so both come from the same files.

variable "REGISTRY" { default = "holdfast" }
variable "VERSION" { default = "unknown" }
variable "REVISION" { default = "unknown" }

target "default" {
  context    = "."
  dockerfile = "Dockerfile"
  platforms  = ["linux/amd64", "linux/arm64"]
  tags       = ["${REGISTRY}:${VERSION}"]
  args       = { VERSION = VERSION, REVISION = REVISION }
  # A bill of materials and the provenance of the build, kept with the image.
  attest = ["type=sbom", "type=provenance,mode=max"]
}
