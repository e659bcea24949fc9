/** Which page stands at which address. Each is loaded when it is first visited. */
import type { ComponentType } from 'react';
import { createBrowserRouter } from 'react-router';

import { FirstPaint, PageFailed } from './page-states';

/** The page of a module that exports it under this name. */
function page<Name extends string>(load: () => Promise<Record<Name, ComponentType>>, name: Name) {
  return async () => ({ Component: (await load())[name] });
}

export const router = createBrowserRouter([
  {
    ErrorBoundary: PageFailed,
    HydrateFallback: FirstPaint,
    children: [
      { path: '/welcome', lazy: page(() => import('./pages/front-door-pages'), 'WelcomePage') },
      { path: '/signin', lazy: page(() => import('./pages/front-door-pages'), 'SignInPage') },
      { path: '/register', lazy: page(() => import('./pages/front-door-pages'), 'RegisterPage') },
      {
        lazy: page(() => import('./pages/signed-in'), 'SignedIn'),
        children: [
          { path: '/agents/:agentId', lazy: page(() => import('./pages/editor-page'), 'EditorPage') },
          {
            lazy: page(() => import('./shell'), 'Shell'),
            children: [
              {
                ErrorBoundary: PageFailed,
                children: [
                  { index: true, lazy: page(() => import('./pages/home-page'), 'HomePage') },
                  { path: '/vaults', lazy: page(() => import('./pages/vaults-page'), 'VaultsPage') },
                  { path: '/vaults/:vaultId', lazy: page(() => import('./pages/vault-page'), 'VaultPage') },
                  { path: '/documents/:documentId', lazy: page(() => import('./pages/document-page'), 'DocumentPage') },
                  { path: '/agents', lazy: page(() => import('./pages/agents-page'), 'AgentsPage') },
                  { path: '/agents/:agentId/runs', lazy: page(() => import('./pages/runs-page'), 'RunsPage') },
                  { path: '/agents/:agentId/runs/:runId', lazy: page(() => import('./pages/run-page'), 'RunPage') },
                  { path: '/agents/:agentId/tests', lazy: page(() => import('./pages/tests-page'), 'TestsPage') },
                  { path: '/agents/:agentId/versions', lazy: page(() => import('./pages/versions-page'), 'VersionsPage') },
                  { path: '/catalogue', lazy: page(() => import('./pages/catalogue-page'), 'CataloguePage') },
                  { path: '/catalogue/:slug', lazy: page(() => import('./pages/catalogue-agent-page'), 'CatalogueAgentPage') },
                  { path: '/chat', lazy: page(() => import('./pages/chat-page'), 'ChatHomePage') },
                  { path: '/chat/with/:slug', lazy: page(() => import('./pages/chat-page'), 'NewChatPage') },
                  { path: '/chat/:chatId', lazy: page(() => import('./pages/chat-page'), 'ChatPage') },
                  { path: '/inbox', lazy: page(() => import('./pages/inbox-page'), 'InboxPage') },
                  { path: '/licenses', lazy: page(() => import('./pages/licenses-page'), 'LicensesPage') },
                  { path: '/earnings', lazy: page(() => import('./pages/earnings-page'), 'EarningsPage') },
                  { path: '/models', lazy: page(() => import('./pages/models-page'), 'ModelsPage') },
                  { path: '/keys', lazy: page(() => import('./pages/keys-page'), 'KeysPage') },
                  { path: '/secrets', lazy: page(() => import('./pages/secrets-page'), 'SecretsPage') },
                  { path: '/memory', lazy: page(() => import('./pages/memory-page'), 'MemoryPage') },
                  { path: '/account', lazy: page(() => import('./pages/account-page'), 'AccountPage') },
                  { path: '*', lazy: page(() => import('./pages/missing-page'), 'MissingPage') },
                ],
              },
            ],
          },
        ],
      },
    ],
  },
]);
