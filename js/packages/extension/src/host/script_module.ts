/**
 * The few functions of SillyTavern's own modules that `getContext()` does not offer.
 *
 * Importing them is a last resort, since their exports are no promise: they are loaded at run time, each function is looked
 * for by name, and everything that needs one says so when it is missing.
 */

export interface CleanUpOptions {
  getMessage: string;
  isImpersonate: boolean;
  isContinue: boolean;
  displayIncompleteSentences: boolean;
  stoppingStrings: string[] | null;
}

export interface ScriptModule {
  /** Sets the name that `{{char}}` stands for. */
  setCharacterName?: (name: string) => void;
  /** Sets the name that `{{user}}` stands for. */
  setUserName?: (name: string, options: { toastPersonaNameChange: boolean }) => void;
  /** What SillyTavern does to every reply: names trimmed, regex scripts, stop strings, markdown. */
  cleanUpMessage?: (options: CleanUpOptions) => string;
  getStoppingStrings?: (isImpersonate: boolean, isContinue: boolean) => string[];
  /** Opens a group's chat. */
  openGroupById?: (id: string) => Promise<boolean>;
  /** True while SillyTavern saves the open chat. */
  isChatSaving?: () => boolean;
  /** While true, SillyTavern's Send button and Enter do nothing. */
  setSendButtonState?: (pressed: boolean) => void;
}

const WANTED: Readonly<Record<string, readonly (keyof ScriptModule)[]>> = {
  "/script.js": [
    "setCharacterName",
    "setUserName",
    "cleanUpMessage",
    "getStoppingStrings",
    "setSendButtonState",
  ],
  "/scripts/group-chats.js": ["openGroupById"],
};

type Importer = (address: string) => Promise<Record<string, unknown>>;

/** The address is a variable so that the bundler leaves the import to the browser. */
const importAtRunTime: Importer = (address) => import(address) as Promise<Record<string, unknown>>;

export async function loadScriptModule(load: Importer = importAtRunTime): Promise<ScriptModule> {
  const found: Record<string, unknown> = {};
  for (const [address, names] of Object.entries(WANTED)) {
    try {
      const exported = await load(address);
      for (const name of names) if (typeof exported[name] === "function") found[name] = exported[name];
      // A variable, whose value is asked for each time.
      if ("isChatSaving" in exported) found["isChatSaving"] = () => exported["isChatSaving"] === true;
    } catch {
      // Another layout of SillyTavern's files: none of these, then.
    }
  }
  return found;
}
