/** The frame of the pages: where one can go, who one is, and light or dark. */
import {
  ActionIcon,
  Badge,
  Burger,
  Drawer,
  Group,
  Menu,
  Text,
  Tooltip,
  UnstyledButton,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import {
  IconBookmark,
  IconBuildingStore,
  IconCertificate,
  IconCoins,
  IconCpu,
  IconHome,
  IconInbox,
  IconKey,
  IconLock,
  IconLogout,
  IconMessages,
  IconMoon,
  IconRobot,
  IconSelector,
  IconSun,
  IconUser,
  IconVault,
} from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { useEffect } from 'react';
import { Link, NavLink, Outlet, useLocation, useNavigate, useNavigation } from 'react-router';

import { openInquiriesQuery } from '~/features/inquiries/api/inquiries';
import { useSignOut } from '~/features/session/api/session';
import { walletQuery } from '~/features/wallet/api/wallet';
import { Money } from '~/ui/currency';
import { Emblem } from '~/ui/emblem';
import { notifyProblem } from '~/ui/problem-notice';

import { usePerson } from './person';
import classes from './shell.module.css';

const PLACES = [
  [
    { to: '/', label: 'Home', icon: IconHome },
    { to: '/chat', label: 'Chat', icon: IconMessages },
    { to: '/inbox', label: 'Inbox', icon: IconInbox },
    { to: '/catalogue', label: 'Catalogue', icon: IconBuildingStore },
    { to: '/licenses', label: 'My licenses', icon: IconCertificate },
  ],
  [
    { to: '/vaults', label: 'Vaults', icon: IconVault },
    { to: '/agents', label: 'My agents', icon: IconRobot },
    { to: '/earnings', label: 'Earnings', icon: IconCoins },
    { to: '/keys', label: 'API keys', icon: IconKey },
    { to: '/secrets', label: 'Secrets', icon: IconLock },
    { to: '/models', label: 'Models', icon: IconCpu },
  ],
] as const;

export function Shell() {
  const [menuOpen, menu] = useDisclosure(false);
  const { pathname } = useLocation();
  const navigation = useNavigation();
  const { close } = menu;
  useEffect(close, [pathname, close]);
  return (
    <div className={classes.shell}>
      <a href="#content" className={classes.skip}>
        Skip to the page
      </a>
      {navigation.state === 'loading' && <div className={classes.progress} role="progressbar" aria-label="Loading the page" />}
      <header className={classes.top}>
        <Burger size="sm" opened={menuOpen} onClick={menu.toggle} aria-label="Menu" />
        <Brand />
      </header>
      <aside className={classes.side}>
        <Brand />
        <Places />
      </aside>
      <Drawer opened={menuOpen} onClose={menu.close} size={270} title={<Brand />} hiddenFrom="sm">
        <Places />
      </Drawer>
      <main id="content" className={classes.content} tabIndex={-1}>
        <Outlet />
      </main>
    </div>
  );
}

function Brand() {
  return (
    <Link to="/" className={classes.brand}>
      <img src="/favicon.svg" alt="" width={24} height={24} />
      Qanat
    </Link>
  );
}

function Places() {
  return (
    <>
      <nav aria-label="Main" className={classes.nav}>
        {PLACES.map((group, index) => (
          <ul key={index} className={classes.group}>
            {group.map(({ to, label, icon: Icon }) => (
              <li key={to}>
                <NavLink to={to} end={to === '/'} className={classes.place}>
                  <Icon size={18} stroke={1.6} aria-hidden />
                  {label}
                  {to === '/inbox' && <OpenInquiries />}
                </NavLink>
              </li>
            ))}
          </ul>
        ))}
      </nav>
      <PersonMenu />
    </>
  );
}

/** How many decisions agents wait for. */
function OpenInquiries() {
  const { data } = useQuery(openInquiriesQuery);
  if (data === undefined || data.length === 0) return null;
  return (
    <Badge size="sm" ml="auto" aria-label={`${data.length} to decide`}>
      {data.length}
    </Badge>
  );
}

function PersonMenu() {
  const { user } = usePerson();
  const wallet = useQuery(walletQuery);
  const signOut = useSignOut();
  const navigate = useNavigate();
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light');
  const other = scheme === 'dark' ? 'light' : 'dark';
  const name = user.name === '' ? 'Account' : user.name;
  return (
    <Group gap={4} wrap="nowrap" className={classes.person}>
      <Menu position="top-start" width={220}>
        <Menu.Target>
          <UnstyledButton className={classes.me}>
            <Emblem name={name} size={30} />
            <span className={classes.who}>
              <Text component="span" fz="sm" fw={550} truncate>
                {name}
              </Text>
              <Text component="span" fz="xs" c="dimmed" truncate>
                {wallet.data === undefined ? '…' : <Money amount={wallet.data.balance} />}
              </Text>
            </span>
            <IconSelector size={15} aria-hidden />
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item component={Link} to="/account" leftSection={<IconUser size={16} />}>
            Account and wallet
          </Menu.Item>
          <Menu.Item component={Link} to="/memory" leftSection={<IconBookmark size={16} />}>
            What agents remember
          </Menu.Item>
          <Menu.Item
            leftSection={<IconLogout size={16} />}
            onClick={() =>
              signOut.mutate(undefined, { onSuccess: () => void navigate('/signin'), onError: notifyProblem })
            }
          >
            Sign out
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Tooltip label={`Use ${other} colours`}>
        <ActionIcon variant="subtle" color="gray" aria-label={`Use ${other} colours`} onClick={() => setColorScheme(other)}>
          {scheme === 'dark' ? <IconSun size={17} /> : <IconMoon size={17} />}
        </ActionIcon>
      </Tooltip>
    </Group>
  );
}
