import type { Vault } from '~/api/types';
import { NameDialog } from '~/ui/name-dialog';

import { useChangeVault } from '../api/vaults';

export function EditVault({ vault, onClose }: { vault: Vault; onClose: () => void }) {
  const change = useChangeVault(vault.id);
  return <NameDialog naming={vault} descriptionLabel="What is in it?" saving={change} onClose={onClose} />;
}
