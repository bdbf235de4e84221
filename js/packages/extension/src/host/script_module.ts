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
  /** Leaves the open chat for the welcome page. */
  closeCurrentChat?: () => Promise<boolean>;
  /** Keeps what a message shows as the alternative that it is. */
  syncMesToSwipe?: (index: number) => boolean;
  /** Has a message show one of its alternatives; only the data. */
  syncSwipeToMes?: (index: number, swipe: number) => boolean;
  /** Makes a copy of the open chat up to a message; its name, or nothing where it failed. */
  createBranch?: (index: number, options: { swipeId: number | null }) => Promise<string | undefined>;
  /** The same, with a link at the message. An empty name: SillyTavern chooses one. */
  createNewBookmark?: (index: number, options: { forceName: string }) => Promise<string | null>;
  /** Which entry of the list of characters is open. */
  setCharacterId?: (index: number | undefined) => void;
  /** Fills the form beside the chat with a character's card. */
  select_selected_character?: (index: number, options: { switchMenu: boolean }) => void;
  printCharactersDebounced?: () => void;
  /** Which character or group SillyTavern opens by itself after a reload. */
  setActiveCharacter?: (avatar: string | number | null) => void;
  setActiveGroup?: (id: string | null) => void;
  /** Puts a renamed character in the place of the old one in every group and group chat. */
  renameGroupMember?: (from: string, to: string, name: string) => Promise<void>;
}

const WANTED: Readonly<Record<string, readonly (keyof ScriptModule)[]>> = {
  "/script.js": [
    "setCharacterName",
    "setUserName",
    "cleanUpMessage",
    "getStoppingStrings",
    "setSendButtonState",
    "closeCurrentChat",
    "syncMesToSwipe",
    "syncSwipeToMes",
    "setCharacterId",
    "select_selected_character",
    "printCharactersDebounced",
    "setActiveCharacter",
    "setActiveGroup",
  ],
  "/scripts/bookmarks.js": ["createBranch", "createNewBookmark"],
  "/scripts/group-chats.js": ["openGroupById", "renameGroupMember"],
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
