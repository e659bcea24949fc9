// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IAssetRegistry} from "../src/interfaces/IAssetRegistry.sol";
import {IForkRights} from "../src/interfaces/IForkRights.sol";
import {ILicenses, TermsKind} from "../src/interfaces/ILicenses.sol";
import {ISettlement} from "../src/interfaces/ISettlement.sol";
import {AssetRegistry} from "../src/AssetRegistry.sol";
import {FixedAuthority} from "../src/FixedAuthority.sol";
import {Stage} from "./base/Stage.sol";
import {vm} from "./base/Vm.sol";

/// @dev Says yes to everybody: what an attacker would like the registry to ask.
contract GrantsAll is IForkRights {
    function forkRight(uint256, address, uint256) external pure override returns (bool, uint16) {
        return (true, 0);
    }
}

contract ForksTest is Stage {
    uint256 private constant CHARGED = 1_000_000;
    uint256 private root;

    function setUp() public override {
        super.setUp();
        root = _anAsset();
    }

    function _notLicensed(uint256 license, uint256 parent, address caller) private {
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.ForkNotLicensed.selector, license, parent, caller));
        vm.prank(caller);
        registry.fork(license, parent, _registration(0, 0, _none()));
    }

    function _earn(uint256 asset, uint128 amount) private {
        _redeem(asset, _item(_metered(asset, amount), amount, amount));
    }

    function _royaltyIn(uint256 asset, uint256 ancestor) private returns (uint256) {
        uint256 before = settlement.royaltyInOf(ancestor);
        settlement.pullRoyalties(_one(asset));
        return settlement.royaltyInOf(ancestor) - before;
    }

    function test_a_fork_names_its_parent_and_what_it_owes() public {
        uint256 license = _forkLicense(root, holder, 1000);
        vm.prank(holder);
        uint256 child = registry.fork(license, root, _registration(0, 0, _none()));
        IAssetRegistry.Asset memory asset = registry.getAsset(child);
        same(asset.author, holder, "author");
        same(asset.series, child, "its own series");
        same(asset.parentId, root, "parent");
        same(asset.royaltyBps, 1000, "royalty");
        same(asset.depth, 1, "depth");
        IAssetRegistry.Ancestor[] memory ancestors = registry.ancestorsOf(child);
        same(ancestors.length, 1, "ancestors");
        same(ancestors[0].assetId, root, "ancestor");
        same(ancestors[0].royaltyBps, 1000, "its royalty");
        same(registry.ancestorsOf(root).length, 0, "the parent has none");
    }

    function test_only_a_license_that_allows_it_is_good_for_a_fork() public {
        _notLicensed(0, root, holder);
        _notLicensed(99, root, holder);
        uint256 terms = _offer(root, TermsKind.FULL, 0);
        vm.prank(holder);
        uint256 plain = licenses.buy(terms, holder, address(0), 0);
        _notLicensed(plain, root, holder);

        uint256 license = _forkLicense(root, holder, 1000);
        _notLicensed(license, root, stranger);
        _notLicensed(license, _anAsset(), holder);
        vm.prank(guardian);
        registry.setFrozen(root, true);
        _notLicensed(license, root, holder);
    }

    function test_a_license_that_was_sold_on_is_the_buyers_to_fork_by() public {
        uint256 license = _forkLicense(root, holder, 1000);
        vm.prank(holder);
        licenses.transferFrom(holder, stranger, license);
        _notLicensed(license, root, holder);
        vm.prank(stranger);
        registry.fork(license, root, _registration(0, 0, _none()));
    }

    /// I15: nothing that ends allows something that does not.
    function test_a_license_that_ends_allows_no_forks() public {
        ILicenses.Offer memory wanted = ILicenses.Offer(root, TermsKind.TIME, 1, MONTH, 0, true, 1);
        vm.startPrank(author);
        vm.expectRevert(abi.encodeWithSelector(ILicenses.ForksOutliveLicense.selector, MONTH));
        licenses.offerForks(wanted, 0);
        wanted = ILicenses.Offer(root, TermsKind.METERED, 1, MONTH, 5, true, 1);
        vm.expectRevert(abi.encodeWithSelector(ILicenses.ForksOutliveLicense.selector, MONTH));
        licenses.offerForks(wanted, 0);
        wanted.duration = 0;
        vm.expectRevert(abi.encodeWithSelector(ILicenses.RoyaltyTooHigh.selector, 4001, 4000));
        licenses.offerForks(wanted, 4001);
        uint256 terms = licenses.offerForks(wanted, 4000);
        vm.stopPrank();
        (bool allowed, uint16 royaltyBps) = licenses.forkTerms(terms);
        holds(allowed, "allowed");
        same(royaltyBps, 4000, "royalty");
        (allowed,) = licenses.forkTerms(_offer(root, TermsKind.FULL));
        holds(!allowed, "not where it was not offered");
    }

    function test_only_the_author_allows_forks() public {
        ILicenses.Offer memory wanted = ILicenses.Offer(root, TermsKind.FULL, 1, 0, 0, true, 1);
        vm.expectRevert(abi.encodeWithSelector(ILicenses.NotAuthor.selector, root, author, stranger));
        vm.prank(stranger);
        licenses.offerForks(wanted, 1);
        (bool allowed,) = licenses.forkTerms(_offer(root, TermsKind.FULL));
        holds(!allowed, "a refused offer leaves nothing to the next");
    }

    function test_a_fork_is_a_work_of_its_own() public {
        uint256 license = _forkLicense(root, author, 1000);
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.ForkBeginsSeries.selector, root));
        vm.prank(author);
        registry.fork(license, root, _registration(root, 0, _none()));
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.UnknownAsset.selector, 99));
        registry.fork(license, 99, _registration(0, 0, _none()));
    }

    /// I10
    function test_no_more_than_four_ancestors() public {
        uint256 last = root;
        for (uint256 i = 0; i < 4; i++) {
            last = _fork(last, 100);
        }
        same(registry.getAsset(last).depth, 4, "depth");
        uint256 license = _forkLicense(last, author, 0);
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.DepthExceeded.selector, 5, 4));
        vm.prank(author);
        registry.fork(license, last, _registration(0, 0, _none()));
    }

    /// I10
    function test_no_more_than_forty_percent_for_all_ancestors() public {
        uint256 last = _fork(_fork(root, 1500), 1500);
        uint256 license = _forkLicense(last, author, 1001);
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.RoyaltyStackTooHigh.selector, 4001, 4000));
        vm.prank(author);
        registry.fork(license, last, _registration(0, 0, _none()));
        same(registry.getAsset(_fork(last, 1000)).royaltyBps, 4000, "exactly forty");
    }

    function test_a_new_version_owes_what_the_first_one_owes() public {
        uint256 child = _fork(root, 1000);
        uint256 next = _register(child, 0, _none());
        same(registry.getAsset(next).parentId, root, "parent");
        same(registry.getAsset(next).royaltyBps, 1000, "royalty");
        same(registry.ancestorsOf(next)[0].assetId, root, "ancestor");
        _earn(next, uint128(CHARGED));
        same(_royaltyIn(next, root), 97_500, "a tenth after the fee");
    }

    /// Pitfall 20: what lies between a work and its remote fork dilutes nothing.
    function test_every_ancestor_earns_its_absolute_share() public {
        uint256 child = _fork(root, 1000);
        uint256 grandchild = _fork(child, 2000);
        _earn(grandchild, uint128(CHARGED));
        same(settlement.royaltyDue(grandchild, root), 97_500, "due to the grandparent");
        same(settlement.royaltyDue(grandchild, child), 195_000, "due to the parent");
        same(settlement.royaltyDue(grandchild, 99), 0, "due to nobody");
        same(settlement.pullRoyalties(_one(grandchild)), 292_500, "pulled");
        same(settlement.royaltyInOf(root), 97_500, "the grandparent's");
        same(settlement.royaltyInOf(child), 195_000, "the parent's, of which it owes nothing on");
        same(settlement.pullRoyalties(_two(child, child)), 0, "a royalty is not shared again");
        same(settlement.claimable(grandchild << 64), 682_500 * 7 / 10, "the fork's author");
        same(settlement.claimable(child << 64), 195_000 * 7 / 10, "the parent's author");
        same(settlement.claimable(root << 64 | 1), 97_500 * 3 / 10, "the grandparent's contributor");
    }

    function test_sales_owe_royalties_as_charges_do() public {
        uint256 child = _fork(root, 1000);
        uint256 terms = _offer(child, TermsKind.FULL, uint128(CHARGED));
        vm.prank(holder);
        licenses.buy(terms, holder, address(0), uint128(CHARGED));
        same(_royaltyIn(child, root), 97_500, "a tenth after the fee");
    }

    /// I14, I5: neither order, nor repetition, nor splitting changes what an ancestor is given.
    function test_pulling_often_gives_as_much_as_pulling_once(uint64 seed) public {
        uint256 child = _fork(_fork(root, uint16(within(seed, 1, 2000))), uint16(within(seed >> 16, 1, 2000)));
        uint256 license = _metered(child, 10e6);
        uint128 total = 0;
        for (uint256 i = 0; i < 12; i++) {
            total += uint128(within(seed >> i, 1, 40));
            _redeem(child, _item(license, total, total));
            if (i % 3 == 0) settlement.pullRoyalties(_two(child, child));
            // Never asks back what it gave, and never fails.
            settlement.claim(_two(child << 64, child << 64 | 1));
        }
        settlement.pullRoyalties(_one(child));
        uint256 net = settlement.grossOf(child) - settlement.feeOf(child);
        IAssetRegistry.Ancestor[] memory ancestors = registry.ancestorsOf(child);
        for (uint256 i = 0; i < 2; i++) {
            uint256 expected = net * ancestors[i].royaltyBps / 10_000;
            same(settlement.royaltyInOf(ancestors[i].assetId), expected, "of the whole");
        }
    }

    /// Four royalties that become a unit at the same charge: the fork's receipts must not be asked for what they got.
    function test_no_charge_makes_a_receipt_earn_less_than_before() public {
        uint256 child = _fork(_fork(_fork(_fork(root, 1000), 1000), 1000), 1000);
        uint256 license = _metered(child, 1e6);
        uint256 before = 0;
        for (uint128 total = 1; total <= 30; total++) {
            _redeem(child, _item(license, total, total));
            uint256 earned = settlement.earnedOf(child << 64);
            atMost(before, earned, "earned before");
            settlement.claim(_two(child << 64, child << 64 | 1));
            before = earned;
        }
        settlement.pullRoyalties(_one(child));
        same(settlement.royaltyInOf(root), 3, "a tenth of 30");
    }

    function test_a_freeze_stops_no_royalty() public {
        uint256 child = _fork(root, 1000);
        _earn(child, uint128(CHARGED));
        vm.startPrank(guardian);
        registry.setFrozen(root, true);
        registry.setFrozen(child, true);
        settlement.pause();
        licenses.pause();
        vm.stopPrank();
        same(_royaltyIn(child, root), 97_500, "pulled");
        same(settlement.claim(_one(root << 64)), 97_500 * 7 / 10, "claimed");
    }

    /// Pitfall 24: nobody chooses whom the registry asks.
    function test_who_tells_about_forks_is_named_once_and_by_the_admin() public {
        GrantsAll friend = new GrantsAll();
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.ForkRightsAreBound.selector, address(licenses)));
        registry.bindForkRights(friend);

        AssetRegistry unbound = new AssetRegistry(address(access));
        uint256 asset = unbound.register(_registration(0, 0, _none()));
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.ForkNotLicensed.selector, 1, asset, address(this)));
        unbound.fork(1, asset, _registration(0, 0, _none()));
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, guardian));
        vm.prank(guardian);
        unbound.bindForkRights(friend);
    }

    function test_nobody_exchanges_the_authority() public {
        address other = address(new GrantsAll());
        address[3] memory targets = [address(registry), address(settlement), address(licenses)];
        for (uint256 i = 0; i < 3; i++) {
            vm.expectRevert(abi.encodeWithSelector(FixedAuthority.AuthorityIsFixed.selector, address(access)));
            access.updateAuthority(targets[i], other);
            same(IAccessManaged(targets[i]).authority(), address(access), "authority");
        }
    }

    function test_unknown_assets_have_no_ancestors() public {
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.UnknownAsset.selector, 99));
        registry.ancestorsOf(99);
        same(settlement.pullRoyalties(_two(99, 0)), 0, "nothing to pull");
    }
}
