{{- define "rollbackd.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "rollbackd.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if contains $name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* For what belongs to no namespace: releases in several namespaces may bear one name. */ -}}
{{- define "rollbackd.clusterName" -}}
{{- printf "%s-%s" .Release.Namespace (include "rollbackd.fullname" .) -}}
{{- end -}}

{{- define "rollbackd.selectorLabels" -}}
app.kubernetes.io/name: {{ include "rollbackd.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "rollbackd.labels" -}}
{{ include "rollbackd.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "rollbackd.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "rollbackd.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.create is false, so serviceAccount.name must name an existing account" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "rollbackd.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{- /* The settings file: `config`, and beneath it the whole `example` as long as `config` guards nothing of its own. */ -}}
{{- define "rollbackd.config" -}}
{{- if .Values.config.workloads -}}
{{- toYaml .Values.config -}}
{{- else if not (dig "workloads" list (.Values.example | default dict)) -}}
{{- fail "nothing is guarded: add config.workloads with an entry, such as {namespace: shop, name: cart}" -}}
{{- else -}}
{{- toYaml (mergeOverwrite (deepCopy .Values.example) .Values.config) -}}
{{- end -}}
{{- end -}}

{{- /* An upgrade with --reuse-values brings no new defaults along, and nothing must not mean none. */ -}}
{{- define "rollbackd.replicas" -}}
{{- if kindIs "invalid" .Values.replicas }}1{{ else }}{{ int .Values.replicas }}{{ end -}}
{{- end -}}

{{- define "rollbackd.elects" -}}
{{- if dig "election" "enabled" true (include "rollbackd.config" . | fromYaml) -}}true{{- end -}}
{{- end -}}

{{- define "rollbackd.shards" -}}
{{- dig "election" "shards" 1 (include "rollbackd.config" . | fromYaml) | int -}}
{{- end -}}

{{- /* As in daemon/settings/election.py: the release's own, and one for each shard where there are several. */ -}}
{{- define "rollbackd.leases" -}}
{{- $names := list (include "rollbackd.fullname" .) -}}
{{- $shards := include "rollbackd.shards" . | int -}}
{{- if gt $shards 1 -}}
{{- range until $shards -}}
{{- $names = append $names (printf "%s-%d" (include "rollbackd.fullname" $) .) -}}
{{- end -}}
{{- end -}}
{{- join " " $names -}}
{{- end -}}

{{- define "rollbackd.port" -}}
{{- dig "web" "port" 8080 .Values.config | int -}}
{{- end -}}

{{- define "rollbackd.webhookSecret" -}}
{{- default (include "rollbackd.fullname" .) .Values.webhook.existingSecret -}}
{{- end -}}

{{- define "rollbackd.sentrySecret" -}}
{{- default (include "rollbackd.fullname" .) .Values.sentry.existingSecret -}}
{{- end -}}

{{- define "rollbackd.hasSentry" -}}
{{- if or .Values.sentry.existingSecret .Values.sentry.dsn -}}true{{- end -}}
{{- end -}}

{{- /* The guarded namespaces, sorted, each once, as JSON: {"namespaces": [...]}. */ -}}
{{- define "rollbackd.namespaces" -}}
{{- $found := list -}}
{{- range (include "rollbackd.config" . | fromYaml).workloads -}}{{- $found = append $found .namespace -}}{{- end -}}
{{- dict "namespaces" ($found | uniq | sortAlpha) | toJson -}}
{{- end -}}

{{- /* Securing every container of ours the same way: what Pod Security `restricted` asks for, and a read-only root. */ -}}
{{- define "rollbackd.podSecurityContext" -}}
{{- toYaml .Values.podSecurityContext -}}
{{- end -}}

{{- define "rollbackd.securityContext" -}}
{{- toYaml .Values.securityContext -}}
{{- end -}}

{{- /* What the schema cannot say, each with its remedy. */ -}}
{{- define "rollbackd.validate" -}}
{{- with .Values.webhook -}}
{{- if and .enabled (not .existingSecret) (not .token) -}}
{{- fail "the webhook needs a token: set webhook.existingSecret to a Secret that holds it, or webhook.token (openssl rand -hex 32), or switch the webhook off with webhook.enabled=false" -}}
{{- end -}}
{{- if and .existingSecret .token -}}
{{- fail "webhook.existingSecret and webhook.token are both set: keep one of the two" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.sentry.existingSecret .Values.sentry.dsn -}}
{{- fail "sentry.existingSecret and sentry.dsn are both set: keep one of the two" -}}
{{- end -}}
{{- if and (gt (include "rollbackd.replicas" . | int) 1) (not (include "rollbackd.elects" .)) -}}
{{- fail (printf "replicas is %d and config.election.enabled is false, so all of them would act: set replicas to 1, or leave the election on" (int .Values.replicas)) -}}
{{- end -}}
{{- range list "name" "namespace" -}}
{{- if hasKey ($.Values.config.election | default dict) . -}}
{{- fail (printf "config.election.%s is the chart's own matter: the Lease is the release's, and bears its full name" .) -}}
{{- end -}}
{{- end -}}
{{- $web := .Values.config.web | default dict -}}
{{- range list "token" "token_file" -}}
{{- if hasKey $web . -}}
{{- fail (printf "config.web.%s is the chart's own matter, and config is readable in a ConfigMap: set webhook.existingSecret or webhook.token" .) -}}
{{- end -}}
{{- end -}}
{{- $incidents := .Values.config.incidents | default dict -}}
{{- range list "sentry_dsn" "sentry_dsn_file" -}}
{{- if hasKey $incidents . -}}
{{- fail (printf "config.incidents.%s is the chart's own matter, and config is readable in a ConfigMap: set sentry.existingSecret or sentry.dsn" .) -}}
{{- end -}}
{{- end -}}
{{- $signals := .Values.config.signals -}}
{{- range $index, $workload := .Values.config.workloads -}}
{{- if eq (empty $workload.name) (empty $workload.selector) -}}
{{- fail (printf "config.workloads[%d] must have either a name or a selector: give exactly one" $index) -}}
{{- end -}}
{{- if and (not $signals) (kindIs "invalid" $workload.signals) -}}
{{- fail (printf "nothing says how config.workloads[%d] is judged: add config.signals (bad and total, or histogram and slower_than), or write signals: [] in the entry to go by its pods alone" $index) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* How people are let in to the page: token, proxy or none, as the daemon reads it. */ -}}
{{- define "rollbackd.login" -}}
{{- $login := (dig "web" "login" dict (include "rollbackd.config" . | fromYaml)) -}}
{{- if kindIs "string" $login -}}
{{- $login -}}
{{- else -}}
{{- default (ternary "proxy" "token" (not (empty $login.proxy))) $login.mode -}}
{{- end -}}
{{- end -}}
