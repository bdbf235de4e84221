"""The HTTP doors: health, the start page, REST and SSE under `/api`, the OpenAI-compatible API under `/v1`.

Above it stands only `app`, below it `runtime`. Every request becomes an app in this process that sends catalogue
messages, so permissions, queues and limits are the core's and the same as on every other door. What is here is the
translation: paths, statuses, headers, server-sent events, OpenAI's shapes.
"""
