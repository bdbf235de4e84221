/** Words of the slash commands' help. */

export const SLASH_TEXTS = {
  "slash.call":
    'Calls a function through the Tavernlink hub and pipes its result (a text as it is, anything else as JSON).<div>Example:</div><pre><code>/tavernlink-call name=roll {"sides": 20} | /echo</code></pre>',
  "slash.call.returns": "the function's result",
  "slash.call.name": "name or address of the function",
  "slash.call.provider": "id or name of who has it, where the name alone does not say it",
  "slash.call.timeout": "seconds to wait for the result",
  "slash.call.args": "the arguments, as a JSON object",
  "slash.status":
    "Tells how this SillyTavern is connected to its Tavernlink hub.<div>Examples:</div><pre><code>/tavernlink-status | /echo</code></pre><pre><code>/tavernlink-status state | /echo</code></pre>",
  "slash.status.returns": "JSON with state, name, id, hub, …; or the one field that was asked for",
  "slash.status.field":
    "one field: state (idle, connecting, online, waiting, refused), name, id, hub, extension, version, retry, code or reason",
  "slash.connect":
    "Connects to a Tavernlink hub, and waits until it is connected. Address and key are kept as if they were typed into the drawer; without them, what is there is used.<div>Examples:</div><pre><code>/tavernlink-connect | /echo</code></pre><pre><code>/tavernlink-connect http://127.0.0.1:8001 tl_tavern_…</code></pre>",
  "slash.connect.returns": "online; the script stops with the reason where it cannot connect",
  "slash.connect.timeout": "seconds to wait, 30 if not given",
  "slash.connect.where": "the hub's address, and a key after it",
  "slash.connect.much": "/tavernlink-connect takes an address and a key, nothing more.",
  "slash.connect.pinned":
    "Address and key of this tab were given by the program that opened it, and stay as they are.",
  "slash.connect.key":
    "There is no key yet. Give one after the address, or press Connect in the Tavernlink drawer for a code.",
  "slash.connect.late": "The hub did not answer in time. It is tried again by itself.",
  "slash.disconnect": "Disconnects this SillyTavern from its Tavernlink hub.",
  "slash.disconnect.returns": "idle",
} as const;
