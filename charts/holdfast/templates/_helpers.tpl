{{/* Names, labels and what several pods share. */}}
{{- define "holdfast.name" -}}
{{- if contains "holdfast" .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-holdfast" (.Release.Name | trunc 31 | trimSuffix "-") }}{{ end }}
{{- end }}

{{- define "holdfast.selector" -}}
app.kubernetes.io/name: holdfast
app.kubernetes.io/instance: {{ .root.Release.Name }}
app.kubernetes.io/component: {{ .component }}
{{- end }}

{{/* All Pushpins have one component; a pool is a part of them. */}}
{{- define "holdfast.poolSelector" -}}
{{ include "holdfast.selector" . }}
holdfast/pool: {{ .pool }}
{{- end }}

{{- define "holdfast.labels" -}}
{{ include (ternary "holdfast.poolSelector" "holdfast.selector" (hasKey . "pool")) . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version }}
{{- end }}

{{/* repository:tag, or repository@digest. */}}
{{- define "holdfast.image" -}}
{{- if .image.digest }}{{ .image.repository }}@{{ .image.digest }}{{ else }}{{ .image.repository }}:{{ .image.tag | default .default }}{{ end }}
{{- end }}

{{- define "holdfast.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities: { drop: [ALL] }
{{- end }}

{{- define "holdfast.podSecurity" -}}
runAsNonRoot: true
runAsUser: {{ .user }}
runAsGroup: {{ .user }}
seccompProfile: { type: RuntimeDefault }
{{- end }}

{{/* Spread over machines, and over zones as far as there are any. */}}
{{- define "holdfast.spread" -}}
{{- $selector := include (ternary "holdfast.poolSelector" "holdfast.selector" (hasKey . "pool")) . }}
- maxSkew: 1
  topologyKey: kubernetes.io/hostname
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels: {{- $selector | nindent 6 }}
- maxSkew: 1
  topologyKey: topology.kubernetes.io/zone
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels: {{- $selector | nindent 6 }}
{{- end }}

{{- define "holdfast.probes" -}}
# Not readiness: a process that waits for its store must not be restarted for it.
livenessProbe:
  httpGet: { path: /livez, port: admin }
  periodSeconds: 10
  timeoutSeconds: 5
  failureThreshold: 3
readinessProbe:
  httpGet: { path: /readyz, port: admin }
  periodSeconds: 2
  timeoutSeconds: 2
  failureThreshold: 2
startupProbe:
  httpGet: { path: /livez, port: admin }
  periodSeconds: 1
  failureThreshold: 60
{{- end }}

{{/* Settings of a kind of pod: values, and references to Secrets. */}}
{{- define "holdfast.env" -}}
{{- range $name, $value := .env }}
{{- if hasKey $.secretEnv $name }}
{{- fail (printf "%s is in env and in secretEnv. Keep one of them." $name) }}
{{- end }}
- { name: {{ $name }}, value: {{ $value | toString | quote }} }
{{- end }}
{{- range $name, $from := .secretEnv }}
- name: {{ $name }}
  valueFrom: { secretKeyRef: { name: {{ $from.secret }}, key: {{ $from.key }} } }
{{- end }}
{{- end }}

{{/* Ends the rendering where env or secretEnv sets again what other values set. */}}
{{- define "holdfast.refuse" -}}
{{- range $name, $value := .names }}
{{- if or (hasKey $.env $name) (hasKey $.secretEnv $name) }}
{{- fail (printf "%s is set by %s. Set it there, and leave it out of %s." $name $value $.where) }}
{{- end }}
{{- end }}
{{- end }}

{{/* A number or a share of the pods of which all but so many, or so many, stay. */}}
{{- define "holdfast.budget" -}}
{{- if hasKey . "minAvailable" }}
minAvailable: {{ .minAvailable }}
{{- else }}
maxUnavailable: {{ .maxUnavailable }}
{{- end }}
{{- end }}

{{- define "holdfast.caEnv" -}}
{{- if .Values.ca.existingSecret }}
- { name: NODE_EXTRA_CA_CERTS, value: /etc/holdfast/ca/{{ .Values.ca.key }} }
{{- end }}
{{- end }}

{{- define "holdfast.caMount" -}}
{{- if .Values.ca.existingSecret }}
- { name: ca, mountPath: /etc/holdfast/ca, readOnly: true }
{{- end }}
{{- end }}

{{- define "holdfast.caVolume" -}}
{{- if .Values.ca.existingSecret }}
- { name: ca, secret: { secretName: {{ .Values.ca.existingSecret }} } }
{{- end }}
{{- end }}

{{/* Sign-in with OpenID Connect. */}}
{{- define "holdfast.oidcEnv" -}}
{{- with .Values.console.url }}
- { name: HOLDFAST_CONSOLE_URL, value: {{ . | quote }} }
{{- end }}
{{- with .Values.oidc }}
{{- if .issuer }}
- { name: HOLDFAST_OIDC_ISSUER, value: {{ .issuer | quote }} }
- { name: HOLDFAST_OIDC_CLIENT_ID, value: {{ required "Give oidc.clientId: the id of the client at the issuer." .clientId | quote }} }
{{- if .existingSecret }}
- name: HOLDFAST_OIDC_CLIENT_SECRET
  valueFrom: { secretKeyRef: { name: {{ .existingSecret }}, key: {{ .key }} } }
{{- end }}
{{- if not .roles }}
{{- fail "Give oidc.roles: without them the issuer lets no one in." }}
{{- end }}
{{- $roles := list }}
{{- range .roles }}
{{- $value := ternary (printf "\"%s\"" .value) .value (contains "," .value) }}
{{- $environments := ternary (printf ":%s" (join "|" .environments)) "" (not (empty .environments)) }}
{{- $roles = append $roles (printf "%s=%s%s" $value .role $environments) }}
{{- end }}
- { name: HOLDFAST_OIDC_ROLES, value: {{ join ", " $roles | toJson }} }
- { name: HOLDFAST_OIDC_ROLES_CLAIM, value: {{ .rolesClaim | quote }} }
{{- with .nameClaim }}
- { name: HOLDFAST_OIDC_NAME_CLAIM, value: {{ . | quote }} }
{{- end }}
- { name: HOLDFAST_OIDC_SCOPES, value: {{ .scopes | quote }} }
{{- with .label }}
- { name: HOLDFAST_OIDC_LABEL, value: {{ . | quote }} }
{{- end }}
- { name: HOLDFAST_OIDC_SESSION, value: {{ .sessionMinutes | quote }} }
{{- if not $.Values.console.url }}
{{- fail "Give console.url: the issuer sends people back there." }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{- define "holdfast.storeEnv" -}}
- name: HOLDFAST_STORE
{{- if .Values.store.existingSecret }}
  valueFrom: { secretKeyRef: { name: {{ .Values.store.existingSecret }}, key: {{ .Values.store.key }} } }
{{- else if .Values.store.url }}
  value: {{ .Values.store.url | quote }}
{{- else if .Values.redis.enabled }}
  value: redis://{{ include "holdfast.name" . }}-redis:6379
{{- else }}
{{- fail "Give store.existingSecret or store.url, or set redis.enabled to true: nodes need a store." }}
{{- end }}
{{- end }}
