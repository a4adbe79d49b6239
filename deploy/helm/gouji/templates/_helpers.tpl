{{- define "gouji.labels" -}}
app.kubernetes.io/part-of: gouji
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ .Chart.Name }}-{{ .Chart.Version }}
{{- end }}

{{- define "gouji.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag }}
{{- end }}

{{- define "gouji.busUrl" -}}
{{- if .Values.bus.url }}{{ .Values.bus.url }}
{{- else if .Values.nats.enabled }}tls://nats.{{ .Release.Namespace }}.svc:4222
{{- else }}{{ fail "bus.url: nats.enabled is false, so it has to name a bus, e.g. tls://nats.example:4222" }}
{{- end }}
{{- end }}

{{/* What is common to the pods of gouji. */}}
{{- define "gouji.pod" -}}
automountServiceAccountToken: false
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- range . }}
  - { name: {{ . }} }
  {{- end }}
{{- end }}
securityContext:
  runAsNonRoot: true
  runAsUser: 10001
  runAsGroup: 10001
  fsGroup: 10001
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "gouji.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{/* Takes the name of a port. */}}
{{- define "gouji.probes" -}}
startupProbe:
  httpGet: { path: /healthz, port: {{ . }} }
  periodSeconds: 2
  failureThreshold: 30
readinessProbe:
  httpGet: { path: /readyz, port: {{ . }} }
  periodSeconds: 5
livenessProbe:
  httpGet: { path: /healthz, port: {{ . }} }
  periodSeconds: 20
  failureThreshold: 3
{{- end }}

{{/* Takes the values' env and a list of more; prints nothing where there is none. */}}
{{- define "gouji.env" -}}
{{- if or .more .env }}
env:
  {{- range .more }}
  - { name: {{ .name }}, value: {{ .value | quote }} }
  {{- end }}
  {{- range $name, $value := .env }}
  - { name: {{ $name }}, value: {{ $value | quote }} }
  {{- end }}
{{- end }}
{{- end }}

{{/* Takes the name of a seed. */}}
{{- define "gouji.mounts" -}}
- { name: settings, mountPath: /etc/gouji }
- { name: seed-{{ . }}, mountPath: /var/run/gouji/seed }
- { name: bus, mountPath: /var/run/gouji/bus }
- { name: originals, mountPath: /var/run/gouji/originals }
- { name: tmp, mountPath: /tmp }
{{- end }}

{{/* Takes the root, the names of seeds, and the size of /tmp. */}}
{{- define "gouji.volumes" -}}
- { name: settings, configMap: { name: settings } }
- name: bus
  secret:
    secretName: {{ .root.Values.secrets.busTls }}
    items: [{ key: ca.crt, path: ca.crt }]
- { name: originals, secret: { secretName: {{ .root.Values.secrets.originals }} } }
- { name: tmp, emptyDir: { medium: Memory, sizeLimit: {{ .tmp }} } }
{{- range .seeds }}
- { name: seed-{{ . }}, secret: { secretName: {{ $.root.Values.secrets.seedPrefix }}{{ . }} } }
{{- end }}
{{- end }}

{{/* Pods start again when the settings change. */}}
{{- define "gouji.annotations" -}}
checksum/settings: {{ include "gouji.settings" . | sha256sum }}
{{- end }}

{{- define "gouji.settings" -}}
# Settings of every process in the cluster; `gouji config` prints all settings. Secrets are files, and the
# manifest of each process has the settings of its own.

[bus]
url = {{ include "gouji.busUrl" . | quote }}
nkey = "/var/run/gouji/seed/seed"
ca = "/var/run/gouji/bus/ca.crt"
replicas = {{ int .Values.nats.replicas }}

[originals]
at = {{ .Values.originals.at | quote }}
endpoint = {{ .Values.originals.endpoint | quote }}
access_key = "/var/run/gouji/originals/access_key"
secret_key = "/var/run/gouji/originals/secret_key"

[http]
listen = "0.0.0.0:8470"

[index]
{{- if .Values.opensearch.url }}
at = {{ .Values.opensearch.url | quote }}
{{- else }}
folder = "/var/lib/gouji/index"
{{- end }}

[log]
format = "json"
{{- with .Values.extraSettings }}

{{ . }}
{{- end }}
{{- end }}
