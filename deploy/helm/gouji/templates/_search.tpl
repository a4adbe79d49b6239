{{/* The containers of the index and of the console; with a folder they share a pod. */}}
{{- define "gouji.index" -}}
- name: index
  image: {{ include "gouji.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  command: ["/usr/local/bin/gouji-index", "--config", "/etc/gouji/gouji.toml"]
  {{- include "gouji.env" (dict "more" (list (dict "name" "GOUJI_LISTEN" "value" "0.0.0.0:8471")) "env" .Values.env) | nindent 2 }}
  ports:
    - { name: http-index, containerPort: 8471 }
  {{- include "gouji.probes" "http-index" | nindent 2 }}
  resources: {{- toYaml .Values.search.index.resources | nindent 4 }}
  {{- include "gouji.containerSecurity" . | nindent 2 }}
  volumeMounts:
    {{- include "gouji.mounts" "index" | nindent 4 }}
    {{- include "gouji.indexMount" . | nindent 4 }}
{{- end }}

{{- define "gouji.console" -}}
- name: console
  image: {{ include "gouji.image" . }}
  imagePullPolicy: {{ .Values.image.pullPolicy }}
  command: ["/usr/local/bin/gouji-console", "--config", "/etc/gouji/gouji.toml"]
  {{- $more := list (dict "name" "GOUJI_KEYS" "value" "/var/run/gouji/keys/keys.toml") (dict "name" "GOUJI_MONITOR_LISTEN" "value" "0.0.0.0:8475") }}
  {{- include "gouji.env" (dict "more" $more "env" .Values.env) | nindent 2 }}
  ports:
    - { name: http, containerPort: 8470 }
    - { name: monitor, containerPort: 8475 }
  {{- include "gouji.probes" "monitor" | nindent 2 }}
  resources: {{- toYaml .Values.search.console.resources | nindent 4 }}
  {{- include "gouji.containerSecurity" . | nindent 2 }}
  volumeMounts:
    {{- include "gouji.mounts" "console" | nindent 4 }}
    {{- include "gouji.indexMount" . | nindent 4 }}
    - { name: keys, mountPath: /var/run/gouji/keys }
{{- end }}

{{- define "gouji.indexMount" -}}
{{- if not .Values.opensearch.url -}}
- { name: index, mountPath: /var/lib/gouji/index }
{{- else if .Values.opensearch.secret -}}
- { name: opensearch, mountPath: /var/run/gouji/opensearch }
{{- end }}
{{- end }}

{{- define "gouji.openSearchVolume" -}}
{{- with .Values.opensearch.secret -}}
- { name: opensearch, secret: { secretName: {{ . }} } }
{{- end }}
{{- end }}

{{/* Pods on different machines. */}}
{{- define "gouji.spread" -}}
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: kubernetes.io/hostname
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels: { app.kubernetes.io/name: {{ . }} }
{{- end }}
