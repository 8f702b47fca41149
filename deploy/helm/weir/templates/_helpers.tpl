{{/* The name of everything of one release: weir, or RELEASE-weir. */}}
{{- define "weir.name" -}}
{{- if contains "weir" .Release.Name }}{{ .Release.Name }}{{ else }}{{ .Release.Name }}-weir{{ end }}
{{- end }}

{{/* Of a component, called with (dict "root" $ "component" "hub"). */}}
{{- define "weir.selector" -}}
app.kubernetes.io/name: weir
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{- define "weir.labels" -}}
{{ include "weir.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/part-of: weir
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ .root.Chart.Name }}-{{ .root.Chart.Version }}
{{- end }}

{{- define "weir.image" -}}
{{ .root.Values.image.registry }}/weir-{{ .name }}:{{ .root.Values.image.tag | default .root.Chart.AppVersion }}
{{- end }}

{{/* The addresses of NATS with the user in the first; the password is put in by Kubernetes. */}}
{{- define "weir.natsUrl" -}}
{{- $root := .root }}
{{- $scheme := "nats" }}
{{- $servers := list }}
{{- if $root.Values.nats.enabled }}
{{- if $root.Values.nats.tls.existingSecret }}{{ $scheme = "tls" }}{{ end }}
{{- range $i := until (int $root.Values.nats.replicas) }}
{{- $servers = append $servers (printf "%s-nats-%d.%s-nats-peers:4222" $root.Release.Name $i $root.Release.Name) }}
{{- end }}
{{- else }}
{{- if $root.Values.externalNats.tls }}{{ $scheme = "tls" }}{{ end }}
{{- $servers = $root.Values.externalNats.servers }}
{{- if not $servers }}{{ fail "externalNats.servers: name the servers of NATS, or let nats.enabled be true" }}{{ end }}
{{- end }}
{{- $urls := list (printf "%s://%s:$(WEIR_NATS_PASSWORD)@%s" $scheme .role (first $servers)) }}
{{- range rest $servers }}{{ $urls = append $urls (printf "%s://%s" $scheme .) }}{{ end }}
{{- join "," $urls }}
{{- end }}

{{/* What every process needs of NATS, called with root and role. */}}
{{- define "weir.natsEnv" -}}
- name: WEIR_NATS_PASSWORD
  valueFrom: { secretKeyRef: { name: {{ .root.Values.global.existingSecret }}, key: nats-password-{{ .role }} } }
- name: WEIR_NATS_URL
  value: {{ include "weir.natsUrl" . | quote }}
{{- if .root.Values.natsClientTls.existingSecret }}
- { name: WEIR_NATS_CA, value: /etc/weir/nats-tls/ca.crt }
- { name: WEIR_NATS_CERT, value: /etc/weir/nats-tls/tls.crt }
- { name: WEIR_NATS_KEY, value: /etc/weir/nats-tls/tls.key }
{{- end }}
{{- end }}

{{/* What every service is told, called with root, component and values. */}}
{{- define "weir.env" -}}
{{ include "weir.natsEnv" (dict "root" .root "role" .component) }}
{{- if .root.Values.tokens.jwksUrl }}
- { name: WEIR_JWKS_URL, value: {{ .root.Values.tokens.jwksUrl | quote }} }
{{- else }}
- name: WEIR_JWT_SECRET
  valueFrom: { secretKeyRef: { name: {{ .root.Values.global.existingSecret }}, key: jwt-secret } }
{{- end }}
- { name: WEIR_JWT_ISSUER, value: {{ .root.Values.tokens.issuer | quote }} }
- { name: WEIR_JWT_AUDIENCE, value: {{ .root.Values.tokens.audience | quote }} }
- { name: WEIR_DRAIN_SECONDS, value: {{ .values.drainSeconds | quote }} }
{{- with .root.Values.traces.url }}
- { name: WEIR_TRACES_URL, value: {{ . | quote }} }
- { name: WEIR_TRACES_SHARE, value: {{ $.root.Values.traces.share | quote }} }
{{- end }}
{{- range $name, $value := .values.env }}
- { name: {{ $name }}, value: {{ $value | quote }} }
{{- end }}
{{- end }}

{{- define "weir.projections" -}}
{{- if .Values.projections }}{{ include "weir.name" . }}-projections{{ end }}
{{- end }}

{{- define "weir.mounts" -}}
{{- if .root.Values.natsClientTls.existingSecret }}
- { name: nats-tls, mountPath: /etc/weir/nats-tls, readOnly: true }
{{- end }}
{{- if .projections }}
- { name: projections, mountPath: /etc/weir/projections, readOnly: true }
{{- end }}
{{- end }}

{{- define "weir.volumes" -}}
{{- if .root.Values.natsClientTls.existingSecret }}
- name: nats-tls
  secret: { secretName: {{ .root.Values.natsClientTls.existingSecret }}, defaultMode: 0440 }
{{- end }}
{{- if .projections }}
- name: projections
  configMap: { name: {{ .projections }} }
{{- end }}
{{- end }}

{{- define "weir.podSecurity" -}}
runAsNonRoot: true
runAsUser: 65532
runAsGroup: 65532
fsGroup: 65532
fsGroupChangePolicy: OnRootMismatch
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "weir.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{/* The pod template of a service, called with root, component, values, port, adminPort and extraEnv. */}}
{{- define "weir.pod" -}}
metadata:
  labels: {{- include "weir.labels" . | nindent 4 }}
  annotations:
    checksum/projections: {{ .root.Values.projections | toYaml | sha256sum }}
spec:
  automountServiceAccountToken: false
  serviceAccountName: {{ include "weir.name" .root }}
  {{- with .root.Values.imagePullSecrets }}
  imagePullSecrets: {{- toYaml . | nindent 4 }}
  {{- end }}
  # The pause before the drain, the drain, and a little for the exit itself.
  terminationGracePeriodSeconds: {{ add 5 .values.drainSeconds 10 }}
  securityContext: {{- include "weir.podSecurity" . | nindent 4 }}
  topologySpreadConstraints:
    {{- range list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
    - maxSkew: 1
      topologyKey: {{ . }}
      whenUnsatisfiable: ScheduleAnyway
      labelSelector:
        matchLabels: {{- include "weir.selector" $ | nindent 10 }}
    {{- end }}
  containers:
    - name: {{ .component }}
      image: {{ include "weir.image" (dict "root" .root "name" .component) | quote }}
      imagePullPolicy: {{ .root.Values.image.pullPolicy }}
      env:
        {{- include "weir.env" . | nindent 8 }}
        {{- with .extraEnv }}
        {{- . | nindent 8 }}
        {{- end }}
      ports:
        - { name: http, containerPort: {{ .port }} }
        - { name: admin, containerPort: {{ .adminPort }} }
        {{- if .mqtt }}
        - { name: mqtt, containerPort: 1883 }
        {{- end }}
      lifecycle:
        # Endpoints are taken out of every proxy before the service stops to let people in.
        preStop: { sleep: { seconds: 5 } }
      # Asks the process alone, never what it depends on.
      startupProbe:
        httpGet: { path: /healthz, port: admin }
        periodSeconds: 1
        failureThreshold: 60
      livenessProbe:
        httpGet: { path: /healthz, port: admin }
        periodSeconds: 10
        timeoutSeconds: 5
        failureThreshold: 6
      readinessProbe:
        httpGet: { path: /readyz, port: admin }
        periodSeconds: 2
        timeoutSeconds: 2
        failureThreshold: 2
      resources: {{- toYaml .values.resources | nindent 8 }}
      securityContext: {{- include "weir.containerSecurity" . | nindent 8 }}
      {{- with include "weir.mounts" . | trim }}
      volumeMounts: {{- . | nindent 8 }}
      {{- end }}
  {{- with include "weir.volumes" . | trim }}
  volumes: {{- . | nindent 4 }}
  {{- end }}
  {{- with .values.nodeSelector }}
  nodeSelector: {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .values.tolerations }}
  tolerations: {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}

{{/*
How many pods a Deployment has, called with root, component and values. An autoscaler decides it;
then an upgrade says the number that there is, for without one Kubernetes falls back to a single pod
as soon as a release that named a number no longer does. `helm template` sees no cluster and says
nothing, which is what Argo CD and Flux need.
*/}}
{{- define "weir.replicas" -}}
{{- if eq .values.autoscaling.kind "none" -}}
replicas: {{ .values.replicas }}
{{- else -}}
{{- with lookup "apps/v1" "Deployment" .root.Release.Namespace (printf "%s-%s" (include "weir.name" .root) .component) -}}
replicas: {{ .spec.replicas }}
{{- end }}
{{- end }}
{{- end }}

{{/* Service and PodDisruptionBudget of a component. */}}
{{- define "weir.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ include "weir.name" .root }}-{{ .component }}
  labels: {{- include "weir.labels" . | nindent 4 }}
spec:
  selector: {{- include "weir.selector" . | nindent 4 }}
  ports:
    - { name: http, port: 80, targetPort: http, appProtocol: {{ .appProtocol | default "http" }} }
    - { name: admin, port: {{ .adminPort }}, targetPort: admin, appProtocol: http }
    {{- if .mqtt }}
    - { name: mqtt, port: 1883, targetPort: mqtt }
    {{- end }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "weir.name" .root }}-{{ .component }}
  labels: {{- include "weir.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels: {{- include "weir.selector" . | nindent 6 }}
{{- end }}

{{/* What a path leads to: the hub, ingest, and the projector for the rest. */}}
{{- define "weir.hubPaths" -}}
[/v1/ws, /v1/sse, /v1/tickets, /asyncapi.json, /connection]
{{- end }}
{{- define "weir.ingestPaths" -}}
[/v1/events, /v1/beacon, /v1/metrics, /v1/logs, /v1/traces, /hooks, /api/v1/write, /api/v2/write, /write, /query, /ping]
{{- end }}
