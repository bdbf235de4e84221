/** Entry point of the bundle. SillyTavern loads it as a module while it starts; everything waits for APP_READY. */

import { startExtension } from "./extension.js";
import { context } from "./host/context.js";

const { eventSource, eventTypes } = context();
// Fires at once for listeners that come after it.
eventSource.on(eventTypes["APP_READY"] ?? "app_ready", () => {
  startExtension(import.meta.url).catch((error: unknown) => {
    console.error("Tavernlink could not start", error);
  });
});
