{{- define "valkey-cluster.name" -}}
{{- $name := default .Release.Name .Values.name -}}
{{- if gt (len $name) 40 }}
{{- fail (printf "the cluster's name may have 40 characters, %q has %d: set name" $name (len $name)) }}
{{- end }}
{{- $name }}
{{- end }}

{{- define "valkey-cluster.spec" -}}
image: "{{ with .Values.image.registry }}{{ . }}/{{ end }}{{ .Values.image.repository }}:{{ .Values.image.tag }}"
{{- if not .Values.autoscaling.enabled }}
shards: {{ .Values.shards }}
{{- end }}
replicasPerShard: {{ .Values.replicasPerShard }}
{{- with .Values.resources }}
resources:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.config }}
config:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.spread }}
spread:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .Values.users.secretName }}
usersSecret:
  name: {{ .Values.users.secretName | quote }}
  {{- with .Values.users.key }}
  key: {{ . | quote }}
  {{- end }}
{{- end }}
{{- with include "valkey-cluster.tlsSecret" . }}
tls:
  secretName: {{ . | quote }}
  clientCertificates: {{ $.Values.tls.clientCertificates }}
{{- end }}
{{- with include "valkey-cluster.authoritySecret" . }}
agentTls:
  authoritySecretName: {{ . | quote }}
{{- end }}
{{- end }}

{{- define "valkey-cluster.tlsSecret" -}}
{{- if .Values.tls.secretName }}
{{- .Values.tls.secretName }}
{{- else if .Values.tls.certManager.issuerRef.name }}
{{- include "valkey-cluster.name" . }}-tls
{{- end }}
{{- end }}

{{- define "valkey-cluster.authoritySecret" -}}
{{- if .Values.agentTls.authoritySecretName }}
{{- .Values.agentTls.authoritySecretName }}
{{- else if .Values.agentTls.certManager.enabled }}
{{- include "valkey-cluster.name" . }}-agents-authority
{{- end }}
{{- end }}

{{- define "valkey-cluster.labels" -}}
app.kubernetes.io/name: valkey
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end }}
