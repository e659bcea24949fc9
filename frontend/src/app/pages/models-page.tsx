import { Button } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { IconPlus } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';

import { modelChoicesQuery, registeredModelsQuery } from '~/features/models/api/models';
import { AddModel } from '~/features/models/components/add-model';
import { ModelChoices, ModelList } from '~/features/models/components/model-list';
import { Page } from '~/ui/page';
import { QueryView } from '~/ui/query-view';

import { usePerson } from '../person';

export function ModelsPage() {
  return usePerson().user.is_operator ? <OperatorsModels /> : <ModelsToChoose />;
}

function OperatorsModels() {
  const models = useQuery(registeredModelsQuery);
  const [opened, { open, close }] = useDisclosure(false);
  return (
    <Page
      title="Models"
      description="The language models that agents on this server may ask. Each step chooses one in the editor, or leaves it to you. Larger models answer better in their own words, and take more memory and time."
      actions={
        <Button leftSection={<IconPlus size={16} />} onClick={open}>
          Add a model
        </Button>
      }
    >
      <QueryView query={models}>{(list) => <ModelList models={list} />}</QueryView>
      {opened && (
        <AddModel
          opened
          onClose={close}
          onAdded={({ name }) =>
            notifications.show({ title: `${name} was added`, message: 'Try it here, then choose it in a step of an agent.' })
          }
        />
      )}
    </Page>
  );
}

function ModelsToChoose() {
  const models = useQuery(modelChoicesQuery);
  return (
    <Page
      title="Models"
      description="The language models that steps of your agents may ask. The operator of this server adds them."
    >
      <QueryView query={models}>{(list) => <ModelChoices models={list} />}</QueryView>
    </Page>
  );
}
