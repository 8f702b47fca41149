# All images for both platforms: REGISTRY=... UWS_ARM64_SHA256=... \
#   docker buildx bake -f deploy/containers/bake.hcl --push

variable "REGISTRY" { default = "registry.example.org/weir" }
variable "TAG" { default = "0.1.0" }
# Such as linux/amd64 alone, which needs no hash.
variable "PLATFORMS" { default = "linux/amd64,linux/arm64" }
# Of the file uws_linux_arm64_127.node of uWebSockets.js.
variable "UWS_ARM64_SHA256" { default = "" }

group "default" { targets = ["weir"] }

target "weir" {
  name = "weir-${image}"
  matrix = { image = ["cli", "hub", "ingest", "projector"] }
  context = "."
  dockerfile = "deploy/containers/${image}.Containerfile"
  platforms = split(",", PLATFORMS)
  tags = ["${REGISTRY}/weir-${image}:${TAG}"]
  args = image == "hub" ? { UWS_ARM64_SHA256 = UWS_ARM64_SHA256 } : {}
}
