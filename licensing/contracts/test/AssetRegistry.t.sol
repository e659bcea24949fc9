// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAccessManaged} from "@openzeppelin/contracts/access/manager/IAccessManaged.sol";
import {IERC721Errors} from "@openzeppelin/contracts/interfaces/draft-IERC6093.sol";
import {IERC5192} from "../src/interfaces/IERC5192.sol";
import {IAssetRegistry} from "../src/interfaces/IAssetRegistry.sol";
import {IReceipts, Role} from "../src/interfaces/IReceipts.sol";
import {Stage} from "./base/Stage.sol";
import {vm} from "./base/Vm.sol";

contract AssetRegistryTest is Stage {
    function test_a_published_asset_reads_back_as_it_was_published() public {
        uint256 data = _anAsset();
        uint256 agent = _register(0, 2500, _one(data));
        IAssetRegistry.Asset memory asset = registry.getAsset(agent);
        same(asset.author, author, "author");
        same(asset.createdAt, block.timestamp, "created");
        same(asset.poolBps, 2500, "pool");
        same(asset.series, agent, "series");
        same(asset.contentCommit, keccak256("content"), "commit");
        same(asset.passportHash, keccak256("passport"), "passport");
        holds(!asset.frozen, "not frozen");
        holds(registry.mayPay(agent, data), "pays its dependency");
        holds(registry.mayPay(agent, agent), "pays itself");
        holds(!registry.mayPay(data, agent), "the dependency does not pay back");
        same(registry.assetCount(), 2, "count");
    }

    function test_each_holder_gets_a_receipt_with_the_share_in_order() public {
        uint256 asset = _anAsset();
        same(receipts.countOf(asset), 2, "count");
        IReceipts.Receipt memory second = receipts.getReceipt(asset << 64 | 1);
        same(second.holder, contributor, "holder");
        same(second.payout, contributor, "payout");
        same(second.shareBps, 3000, "share");
        holds(second.role == Role.DATA, "role");
        same(receipts.assetOf(asset << 64 | 1), asset, "asset");
    }

    function test_a_new_version_joins_its_series_and_leaves_the_old_one_as_it_was() public {
        uint256 first = _anAsset();
        bytes32 before = keccak256(abi.encode(registry.getAsset(first), receipts.getReceipt(first << 64)));
        uint256 second = _register(first, 1000, _none());
        same(registry.getAsset(second).series, first, "series");
        same(registry.authorOf(first), author, "author");
        same(keccak256(abi.encode(registry.getAsset(first), receipts.getReceipt(first << 64))), before, "first");
    }

    function test_only_the_author_adds_to_a_series() public {
        uint256 first = _anAsset();
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.NotAuthor.selector, first, author, stranger));
        vm.prank(stranger);
        registry.register(_registration(first, 0, _none()));
    }

    function test_a_series_is_named_by_its_first_version_only() public {
        uint256 first = _anAsset();
        uint256 second = _register(first, 0, _none());
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.UnknownSeries.selector, second));
        vm.prank(author);
        registry.register(_registration(second, 0, _none()));
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.UnknownSeries.selector, 99));
        registry.authorOf(99);
    }

    function test_shares_that_do_not_add_up_are_refused(uint16 share) public {
        vm.assume(share != 10_000 && share > 0);
        IAssetRegistry.Registration memory registration = _registration(0, 0, _none());
        registration.shares = _shares(share, 0, 0);
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.SharesNot10000.selector, share));
        registry.register(registration);
    }

    function test_nobody_shares_nothing() public {
        IAssetRegistry.Registration memory registration = _registration(0, 0, _none());
        registration.shares[1].shareBps = 0;
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.EmptyShare.selector, 1));
        registry.register(registration);
        registration.shares = new IAssetRegistry.Share[](0);
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.SharesNot10000.selector, 0));
        registry.register(registration);
    }

    function test_the_33rd_holder_is_refused() public {
        IAssetRegistry.Registration memory registration = _registration(0, 0, _none());
        registration.shares = new IAssetRegistry.Share[](33);
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.TooManyHolders.selector, 33, 32));
        registry.register(registration);
    }

    function test_32_holders_are_accepted() public {
        IAssetRegistry.Registration memory registration = _registration(0, 0, _none());
        registration.shares = new IAssetRegistry.Share[](32);
        for (uint160 i = 0; i < 32; i++) {
            registration.shares[i] = IAssetRegistry.Share(address(i + 1), i == 0 ? 10_000 - 31 : 1, Role.DATA);
        }
        same(receipts.countOf(registry.register(registration)), 32, "receipts");
    }

    function test_an_asset_depends_on_earlier_assets_only() public {
        uint256 first = _anAsset();
        for (uint256 unknown = first + 1; unknown < first + 3; unknown++) {
            vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.UnknownAsset.selector, unknown));
            registry.register(_registration(0, 0, _one(unknown)));
        }
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.UnknownAsset.selector, 0));
        registry.register(_registration(0, 0, _one(0)));
    }

    function test_limits_on_pool_dependencies_and_commit() public {
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.PoolTooHigh.selector, 10_001, 10_000));
        registry.register(_registration(0, 10_001, _none()));
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.TooManyDependencies.selector, 101, 100));
        registry.register(_registration(0, 0, new uint256[](101)));
        IAssetRegistry.Registration memory registration = _registration(0, 0, _none());
        registration.contentCommit = 0;
        vm.expectRevert(IAssetRegistry.EmptyCommit.selector);
        registry.register(registration);
    }

    function test_only_takedown_freezes() public {
        uint256 asset = _anAsset();
        vm.expectRevert(abi.encodeWithSelector(IAccessManaged.AccessManagedUnauthorized.selector, author));
        vm.prank(author);
        registry.setFrozen(asset, true);
        vm.startPrank(guardian);
        registry.setFrozen(asset, true);
        holds(registry.getAsset(asset).frozen, "frozen");
        registry.setFrozen(asset, false);
        holds(!registry.getAsset(asset).frozen, "thawed");
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.UnknownAsset.selector, 99));
        registry.setFrozen(99, true);
    }

    function test_unknown_assets_are_told_apart() public {
        (uint64 series,) = registry.statusOf(7);
        same(series, 0, "no series");
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.UnknownAsset.selector, 7));
        registry.getAsset(7);
        vm.expectRevert(abi.encodeWithSelector(IAssetRegistry.UnknownAsset.selector, 7));
        registry.splitOf(7);
    }

    // Receipts

    function test_a_receipt_never_moves_and_nobody_is_approved() public {
        uint256 receipt = _anAsset() << 64;
        bytes memory soulbound = abi.encodeWithSelector(IReceipts.Soulbound.selector, receipt);
        vm.startPrank(author);
        vm.expectRevert(soulbound);
        receipts.transferFrom(author, stranger, receipt);
        vm.expectRevert(soulbound);
        receipts.safeTransferFrom(author, stranger, receipt);
        vm.expectRevert(soulbound);
        receipts.safeTransferFrom(author, author, receipt, "");
        vm.expectRevert(soulbound);
        receipts.approve(stranger, receipt);
        vm.expectRevert(abi.encodeWithSelector(IReceipts.Soulbound.selector, 0));
        receipts.setApprovalForAll(stranger, true);
        vm.stopPrank();
        same(receipts.ownerOf(receipt), author, "holder");
        holds(receipts.locked(receipt), "locked");
    }

    function test_locked_throws_for_a_receipt_that_does_not_exist() public {
        vm.expectRevert(abi.encodeWithSelector(IERC721Errors.ERC721NonexistentToken.selector, 5));
        receipts.locked(5);
        holds(receipts.supportsInterface(type(IERC5192).interfaceId), "ERC-5192");
        same(bytes32(type(IERC5192).interfaceId), bytes32(bytes4(0xb45a3c0e)), "its id in the standard");
        holds(receipts.supportsInterface(0x80ac58cd), "ERC-721");
    }

    function test_only_the_registry_mints() public {
        vm.expectRevert(abi.encodeWithSelector(IReceipts.OnlyRegistry.selector, author));
        vm.prank(author);
        receipts.mint(1, author, 1, Role.AUTHOR);
    }

    function test_only_the_holder_names_where_a_receipt_is_paid() public {
        uint256 receipt = _anAsset() << 64;
        vm.expectRevert(abi.encodeWithSelector(IReceipts.NotHolder.selector, receipt, author, stranger));
        vm.prank(stranger);
        receipts.setPayout(receipt, stranger);
        vm.startPrank(author);
        vm.expectRevert(abi.encodeWithSelector(IReceipts.NoPayout.selector, receipt));
        receipts.setPayout(receipt, address(0));
        receipts.setPayout(receipt, stranger);
        vm.stopPrank();
        same(receipts.getReceipt(receipt).payout, stranger, "payout");
        same(receipts.getReceipt(receipt).holder, author, "holder stays");
        vm.expectRevert(abi.encodeWithSelector(IReceipts.NotHolder.selector, receipt, author, stranger));
        vm.prank(stranger);
        receipts.setPayout(receipt, contributor);
    }
}
