/** Creating an environment, and changing its settings. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import { admin, ApiError } from '../api.js';
import { nextNumber, readContext } from '../model/environments.js';
import { Dialog } from '../parts/dialog.js';
import { FormDialog, FormField } from '../parts/form.js';
import { isOvertaken, SettingsConflict, type SettingLines } from '../parts/settings-conflict.js';
import { Failed } from '../parts/page-notices.js';
import { environmentQuery, environmentsQuery, type Environment } from '../queries.js';
import { showToast } from '../shell/toasts.js';

interface Settings {
  readonly id: string;
  readonly projectId: string;
  readonly name: string;
  /** JSON; empty for none. */
  readonly context: string;
  readonly message: string;
}

/** Draws the dialog for a new environment, with the next free number. */
export function CreateEnvironment(props: {
  readonly environments: readonly Environment[];
  readonly onClose: () => void;
}) {
  const { environments, onClose } = props;
  const projectId = environments.at(-1)?.projectId ?? '1';
  const first = { id: nextNumber(environments), projectId, name: '', context: '', message: '' };
  const taken = environments.map(({ id }) => id);
  return <SettingsForm first={first} present={undefined} taken={taken} onClose={onClose} />;
}

/** Draws the dialog for the settings of an environment, as the server has them now. */
export function ChangeEnvironment({ id, onClose }: { readonly id: string; readonly onClose: () => void }) {
  // Nothing from the cache: saving replaces all settings.
  const [round, setRound] = useState(0);
  const { data, error, isFetchedAfterMount } = useQuery({ ...environmentQuery(id), staleTime: 0 });
  if (error !== null) {
    return (
      <Dialog title="Settings" onClose={onClose}>
        <Failed error={error} />
        <div className="dialog-actions">
          <button type="button" className="button" onClick={onClose}>
            Close
          </button>
        </div>
      </Dialog>
    );
  }
  if (data === undefined || !isFetchedAfterMount) return null;
  return <ChangeForm key={round} opened={data} onRestart={() => setRound(round + 1)} onClose={onClose} />;
}

/** The form for the settings as they were when it was opened; a later reading does not change it. */
function ChangeForm(props: {
  readonly opened: Environment;
  readonly onRestart: () => void;
  readonly onClose: () => void;
}) {
  const { onRestart, onClose } = props;
  const [opened] = useState(props.opened);
  return (
    <SettingsForm
      first={typedSettings(opened)}
      present={opened}
      taken={[]}
      onRestart={onRestart}
      onClose={onClose}
    />
  );
}

function typedSettings({ id, projectId, name, defaultContext }: Environment): Settings {
  const context = defaultContext === undefined ? '' : JSON.stringify(defaultContext, null, 2);
  return { id, projectId, name, context, message: '' };
}

interface FormProps {
  readonly first: Settings;
  /** The environment that is changed; `undefined` for a new one. */
  readonly present: Environment | undefined;
  /** Numbers that a new environment cannot have. */
  readonly taken: readonly string[];
  /** Begins again with the settings as they are now. */
  readonly onRestart?: () => void;
  readonly onClose: () => void;
}

const FIELDS = ['id', 'projectId', 'name', 'defaultContext', 'message'];

function SettingsForm({ first, present, taken, onRestart, onClose }: FormProps) {
  const [settings, setSettings] = useState(first);
  const context = readContext(settings.context);
  const isTaken = taken.includes(settings.id);
  const { mutate, error, isPending } = useSave(settings, present, onClose);
  const field = (name: keyof Settings) => ({
    value: settings[name],
    autoComplete: 'off',
    spellCheck: false,
    onChange: ({ target }: { readonly target: { readonly value: string } }) =>
      setSettings({ ...settings, [name]: target.value }),
  });
  return (
    <FormDialog
      title={present === undefined ? 'New environment' : `Settings of ${present.name}`}
      action={present === undefined ? 'Create' : 'Save'}
      fields={FIELDS}
      error={isOvertaken(error) ? null : error}
      isPending={isPending}
      onSubmit={() => {
        if (context.kind !== 'unreadable' && !isTaken) mutate();
      }}
      onClose={onClose}
    >
      {present !== undefined && onRestart !== undefined && isOvertaken(error) && (
        <Overtaken id={present.id} opened={present} onRestart={onRestart} />
      )}
      <FormField label="Name" name="name" note="As people call it; it can be changed later.">
        {(given) => <input {...field('name')} {...given} />}
      </FormField>
      {present === undefined && (
        <FormField
          label="Number"
          name="id"
          note="In every API key; it cannot be changed later."
          problem={isTaken ? 'There is an environment with this number; choose another.' : undefined}
        >
          {(given) => <input inputMode="numeric" {...field('id')} {...given} />}
        </FormField>
      )}
      <FormField label="Project" name="projectId" note="A number; it stays once there are configs.">
        {(given) => <input inputMode="numeric" {...field('projectId')} {...given} />}
      </FormField>
      <FormField
        label="Default context"
        name="defaultContext"
        note={`Known of every user unless the application says otherwise. JSON such as ${EXAMPLE}; empty for none.`}
        problem={context.kind === 'unreadable' ? context.reason : undefined}
      >
        {(given) => <textarea rows={4} {...field('context')} {...given} />}
      </FormField>
      {present !== undefined && (
        <FormField label="Why?" name="message" note="For the history.">
          {(given) => <input {...field('message')} {...given} />}
        </FormField>
      )}
    </FormDialog>
  );
}

/** Draws what someone else changed; it is not written over. */
function Overtaken(props: {
  readonly id: string;
  readonly opened: Environment;
  readonly onRestart: () => void;
}) {
  const { id, opened, onRestart } = props;
  // The same reading as that of the dialog: beginning again has it.
  const { data } = useQuery({ ...environmentQuery(id), staleTime: 0, refetchOnMount: 'always' });
  const now = data?.revision === opened.revision ? undefined : data;
  const lines = (environment: Environment): SettingLines => {
    const { projectId, name, context } = typedSettings(environment);
    return { Name: name, Project: projectId, 'Default context': context === '' ? 'none' : context };
  };
  return (
    <SettingsConflict
      what="this environment"
      opened={lines(opened)}
      now={now && lines(now)}
      onRestart={onRestart}
    />
  );
}

const EXAMPLE = '{"contexts": [{"type": "team", "values": {"region": {"string": "eu"}}}]}';

function useSave(settings: Settings, present: Environment | undefined, onClose: () => void) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async () => {
      const { id, projectId, name, message } = settings;
      const context = readContext(settings.context);
      if (!/^\d+$/.test(id)) {
        const problem = { code: 'field_invalid', field: 'id', message: 'the number must be digits' } as const;
        throw new ApiError(0, problem);
      }
      await admin.put('/admin/v1/environments/{id}', {
        params: {
          path: { id },
          ...(present === undefined ? {} : { header: { 'If-Match': `"${present.revision}"` } }),
        },
        body: {
          projectId,
          name: name.trim(),
          ...(context.kind === 'context' ? { defaultContext: context.context } : {}),
          ...(message.trim() === '' ? {} : { message: message.trim() }),
        },
      });
    },
    onSuccess: async () => {
      await queries.invalidateQueries(environmentsQuery);
      onClose();
      const text = `${settings.name.trim()} was ${present === undefined ? 'created' : 'saved'}.`;
      showToast({ tone: 'done', text });
    },
  });
}
