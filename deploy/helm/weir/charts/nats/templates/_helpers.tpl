{{- define "nats.selector" -}}
app.kubernetes.io/name: nats
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "nats.labels" -}}
{{ include "nats.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: weir
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- end }}

{{- define "nats.tls" -}}
{{- if .Values.tls.existingSecret }}
tls {
  ca_file: "/etc/weir/nats-tls/ca.crt"
  cert_file: "/etc/weir/nats-tls/tls.crt"
  key_file: "/etc/weir/nats-tls/tls.key"
  verify: true
}
{{- end }}
{{- end }}
