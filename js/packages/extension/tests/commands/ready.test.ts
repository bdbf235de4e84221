// @vitest-environment jsdom
import { afterEach, expect, it } from "vitest";

import type { CommandCall } from "../../src/commands/call.js";
import { ready } from "../../src/commands/ready.js";
import { HostError } from "../../src/host/failure.js";
import type { Host } from "../../src/host/host.js";

/** A gate that opens when it is told to. */
function hostWith(idle: Promise<void>): Host {
  const gate = {
    whenIdle: (signal: AbortSignal) =>
      Promise.race([
        idle,
        new Promise<never>((_resolve, reject) => {
          signal.addEventListener("abort", () => {
            reject(new HostError("cancelled", "The request was cancelled."));
          });
        }),
      ]),
  };
  return { gate } as unknown as Host;
}

function callWith(signal = new AbortController().signal): CommandCall {
  return { signal } as CommandCall;
}

const NEVER = new Promise<void>(() => undefined);

afterEach(() => {
  document.body.replaceChildren();
});

it("goes on when nothing is written", async () => {
  await expect(ready(hostWith(Promise.resolve()), callWith())).resolves.toBeUndefined();
});

it("says that SillyTavern is busy where a reply is written for longer than a moment", async () => {
  await expect(ready(hostWith(NEVER), callWith(), 1)).rejects.toMatchObject({ code: "busy" });
});

it("tells a cancelled request from a busy SillyTavern", async () => {
  const abort = new AbortController();
  const begun = ready(hostWith(NEVER), callWith(abort.signal));
  abort.abort();
  await expect(begun).rejects.toMatchObject({ code: "cancelled" });
});

it("does nothing behind a dialog, nor behind one that came up meanwhile", async () => {
  let open = (): void => undefined;
  const idle = new Promise<void>((resolve) => {
    open = resolve;
  });
  const begun = ready(hostWith(idle), callWith());
  const dialog = document.createElement("dialog");
  dialog.setAttribute("open", "");
  // jsdom lays nothing out.
  dialog.innerText = "Sure?";
  document.body.append(dialog);
  open();
  await expect(begun).rejects.toMatchObject({ code: "blocked_by_dialog", details: { dialog: "Sure?" } });
  await expect(ready(hostWith(NEVER), callWith())).rejects.toMatchObject({ code: "blocked_by_dialog" });
});
