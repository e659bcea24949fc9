// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {AccessManager} from "@openzeppelin/contracts/access/manager/AccessManager.sol";
import {IAssetRegistry, AssetKind} from "../../src/interfaces/IAssetRegistry.sol";
import {ILicenses, TermsKind} from "../../src/interfaces/ILicenses.sol";
import {IReceipts, Role} from "../../src/interfaces/IReceipts.sol";
import {Authorization, ISettlement, Permit} from "../../src/interfaces/ISettlement.sol";
import {AssetRegistry} from "../../src/AssetRegistry.sol";
import {OPERATOR, PAUSER, TAKEDOWN, TREASURY} from "../../src/Roles.sol";
import {Settlement} from "../../src/Settlement.sol";
import {TestCurrency} from "../../src/TestCurrency.sol";
import {Checks} from "./Checks.sol";
import {vm} from "./Vm.sol";

/// @title Everything deployed as the product deploys it, and the people of the tests
abstract contract Stage is Checks {
    uint256 internal constant OPERATOR_KEY = 0x0be7a702;
    uint256 internal constant HOLDER_KEY = 0x401de7;
    uint256 internal constant SESSION_KEY = 0x5e5510;
    uint64 internal constant DELAY = 1 days;
    uint128 internal constant PRICE = 5e6;
    uint128 internal constant CALL_PRICE = 50_000;
    uint32 internal constant MONTH = 30 days;

    address internal author = address(0xA07402);
    address internal contributor = address(0xC0774B);
    address internal treasury = address(0x74EA50);
    address internal guardian = address(0x60A4D1);
    address internal stranger = address(0x574A);
    address internal relayer = address(0x4E1A);
    address internal holder = vm.addr(HOLDER_KEY);
    address internal session = vm.addr(SESSION_KEY);

    AccessManager internal access;
    TestCurrency internal currency;
    IAssetRegistry internal registry;
    IReceipts internal receipts;
    ISettlement internal settlement;
    ILicenses internal licenses;

    function setUp() public virtual {
        vm.warp(1_800_000_000);
        access = new AccessManager(address(this));
        currency = new TestCurrency();
        registry = new AssetRegistry(address(access));
        receipts = registry.receipts();
        settlement = new Settlement(address(access), currency, registry, treasury, DELAY);
        licenses = settlement.licenses();
        registry.bindForkRights(licenses);

        _let(address(registry), IAssetRegistry.setFrozen.selector, TAKEDOWN);
        _let(address(settlement), ISettlement.setTreasury.selector, TREASURY);
        _let(address(settlement), ISettlement.pause.selector, PAUSER);
        _let(address(settlement), ISettlement.unpause.selector, PAUSER);
        _let(address(licenses), ILicenses.pause.selector, PAUSER);
        _let(address(licenses), ILicenses.unpause.selector, PAUSER);
        access.grantRole(OPERATOR, vm.addr(OPERATOR_KEY), 0);
        access.grantRole(TAKEDOWN, guardian, 0);
        access.grantRole(TREASURY, guardian, 0);
        access.grantRole(PAUSER, guardian, 0);
        _fund(holder);
    }

    function _let(address target, bytes4 selector, uint64 role) private {
        bytes4[] memory selectors = new bytes4[](1);
        selectors[0] = selector;
        access.setTargetFunctionRole(target, selectors, role);
    }

    /// @dev Gives an account all the faucet allows, and the Settlement leave to take it.
    function _fund(address account) internal {
        currency.faucet(account, currency.FAUCET_LIMIT());
        vm.prank(account);
        currency.approve(address(settlement), type(uint256).max);
    }

    function _shares(uint16 first, uint16 second, uint16 third)
        internal
        view
        returns (IAssetRegistry.Share[] memory shares)
    {
        shares = new IAssetRegistry.Share[](third > 0 ? 3 : second > 0 ? 2 : 1);
        shares[0] = IAssetRegistry.Share(author, first, Role.AUTHOR);
        if (second > 0) shares[1] = IAssetRegistry.Share(contributor, second, Role.DATA);
        if (third > 0) shares[2] = IAssetRegistry.Share(address(0x0dE1), third, Role.MODEL);
    }

    function _registration(uint256 series, uint16 poolBps, uint256[] memory dependencies)
        internal
        view
        returns (IAssetRegistry.Registration memory)
    {
        return IAssetRegistry.Registration({
            kind: AssetKind.AGENT,
            series: series,
            contentCommit: keccak256("content"),
            passportHash: keccak256("passport"),
            uri: "ipfs://passport",
            poolBps: poolBps,
            shares: _shares(7000, 3000, 0),
            dependencies: dependencies
        });
    }

    function _register(uint256 series, uint16 poolBps, uint256[] memory dependencies)
        internal
        returns (uint256 assetId)
    {
        vm.prank(author);
        return registry.register(_registration(series, poolBps, dependencies));
    }

    function _anAsset() internal returns (uint256 assetId) {
        return _register(0, 0, _none());
    }

    function _offer(uint256 assetId, TermsKind kind) internal returns (uint256 termsId) {
        return _offer(assetId, kind, PRICE);
    }

    function _offer(uint256 assetId, TermsKind kind, uint128 price) internal returns (uint256 termsId) {
        ILicenses.Offer memory wanted = ILicenses.Offer({
            assetId: assetId,
            kind: kind,
            price: price,
            duration: kind == TermsKind.TIME ? MONTH : 0,
            maxCallPrice: kind == TermsKind.METERED ? CALL_PRICE : 0,
            transferable: true,
            maxSupply: type(uint32).max
        });
        vm.prank(author);
        return licenses.offer(wanted);
    }

    /// @dev A metered license of `holder` for the asset, its channel open with `deposit`.
    function _metered(uint256 assetId, uint128 deposit) internal returns (uint256 licenseId) {
        uint256 termsId = _offer(assetId, TermsKind.METERED, 0);
        vm.prank(holder);
        return licenses.buyAndOpen(termsId, session, 0, deposit);
    }

    /// @dev A license of `person` that never ends, was free, and allows forks that owe `royaltyBps`.
    function _forkLicense(uint256 assetId, address person, uint16 royaltyBps) internal returns (uint256 licenseId) {
        ILicenses.Offer memory wanted = ILicenses.Offer(assetId, TermsKind.FULL, 0, 0, 0, true, type(uint32).max);
        vm.prank(author);
        uint256 termsId = licenses.offerForks(wanted, royaltyBps);
        vm.prank(person);
        return licenses.buy(termsId, person, address(0), 0);
    }

    /// @dev A fork by `author`, at a royalty of its own.
    function _fork(uint256 parentId, uint16 royaltyBps) internal returns (uint256 assetId) {
        uint256 licenseId = _forkLicense(parentId, author, royaltyBps);
        vm.prank(author);
        return registry.fork(licenseId, parentId, _registration(0, 0, _none()));
    }

    /// @dev An ERC-3009 authorization for the Settlement contract, good for an hour.
    function _authorization(uint256 signingKey, uint256 value, bytes32 salt, bytes32 nonce)
        internal
        view
        returns (Authorization memory)
    {
        uint256 until = block.timestamp + 1 hours;
        bytes32 hash = keccak256(
            abi.encode(
                currency.RECEIVE_WITH_AUTHORIZATION_TYPEHASH(),
                vm.addr(signingKey),
                address(settlement),
                value,
                0,
                until,
                nonce
            )
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", currency.DOMAIN_SEPARATOR(), hash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(signingKey, digest);
        return Authorization(0, until, salt, v, r, s);
    }

    function _item(uint256 licenseId, uint128 ceiling, uint128 claimed)
        internal
        view
        returns (ISettlement.Item memory)
    {
        return _item(licenseId, 0, ceiling, claimed, SESSION_KEY);
    }

    function _item(uint256 licenseId, uint64 epoch, uint128 ceiling, uint128 claimed, uint256 signingKey)
        internal
        view
        returns (ISettlement.Item memory)
    {
        bytes32 digest = settlement.voucherDigest(licenseId, epoch, ceiling);
        (bytes32 r, bytes32 vs) = vm.signCompact(signingKey, digest);
        return ISettlement.Item(licenseId, epoch, ceiling, claimed, r, vs);
    }

    function _group(uint256 assetId, ISettlement.Item memory item)
        internal
        pure
        returns (ISettlement.Group[] memory groups)
    {
        ISettlement.Item[] memory items = new ISettlement.Item[](1);
        items[0] = item;
        return _group(assetId, items, new ISettlement.Line[](0));
    }

    function _group(uint256 assetId, ISettlement.Item[] memory items, ISettlement.Line[] memory lines)
        internal
        pure
        returns (ISettlement.Group[] memory groups)
    {
        groups = new ISettlement.Group[](1);
        groups[0] = ISettlement.Group(assetId, items, lines);
    }

    function _signed(ISettlement.Group[] memory groups, bytes32 root, uint256 signingKey)
        internal
        view
        returns (bytes memory)
    {
        bytes32 digest = settlement.batchDigest(settlement.usageHead(), root, "usage.jsonl", groups);
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(signingKey, digest);
        return abi.encodePacked(r, s, v);
    }

    function _redeem(ISettlement.Group[] memory groups) internal returns (uint256 amount) {
        bytes32 root = keccak256(abi.encode(settlement.batchNo()));
        bytes memory signature = _signed(groups, root, OPERATOR_KEY);
        bytes32 head = settlement.usageHead();
        vm.prank(relayer);
        return settlement.redeem(head, root, "usage.jsonl", groups, signature);
    }

    function _redeem(uint256 assetId, ISettlement.Item memory item) internal returns (uint256 amount) {
        return _redeem(_group(assetId, item));
    }

    function _permit(uint256 signingKey, uint256 value) internal view returns (Permit memory) {
        address owner = vm.addr(signingKey);
        bytes32 typehash =
            keccak256("Permit(address owner,address spender,uint256 value,uint256 nonce,uint256 deadline)");
        bytes32 hash = keccak256(
            abi.encode(typehash, owner, address(settlement), value, currency.nonces(owner), block.timestamp + 1 hours)
        );
        bytes32 digest = keccak256(abi.encodePacked(hex"1901", currency.DOMAIN_SEPARATOR(), hash));
        (uint8 v, bytes32 r, bytes32 s) = vm.sign(signingKey, digest);
        return Permit(value, block.timestamp + 1 hours, v, r, s);
    }

    function _one(uint256 id) internal pure returns (uint256[] memory ids) {
        ids = new uint256[](1);
        ids[0] = id;
    }

    function _two(uint256 first, uint256 second) internal pure returns (uint256[] memory ids) {
        ids = new uint256[](2);
        (ids[0], ids[1]) = (first, second);
    }

    function _none() internal pure returns (uint256[] memory ids) {}
}
