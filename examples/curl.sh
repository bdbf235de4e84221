#!/bin/sh
# Talk to the open character with nothing but curl; the reply is streamed as server-sent events.
#
#   TAVERNLINK_KEY=tl_app_… sh examples/curl.sh "Who are you?"
set -eu
: "${TAVERNLINK_KEY:?Set it to a key of the role app.}"
url=${TAVERNLINK_URL:-http://127.0.0.1:8001}
text=$(printf '%s' "${1:-Who are you?}" | sed 's/\\/\\\\/g; s/"/\\"/g')

curl --silent --show-error --fail-with-body --no-buffer "$url/v1/chat/completions" \
  --header "Authorization: Bearer $TAVERNLINK_KEY" \
  --header "Content-Type: application/json" \
  --data "{\"model\": \"default\", \"stream\": true, \"messages\": [{\"role\": \"user\", \"content\": \"$text\"}]}"
