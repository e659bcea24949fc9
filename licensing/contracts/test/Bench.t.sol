// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IAssetRegistry} from "../src/interfaces/IAssetRegistry.sol";
import {TermsKind} from "../src/interfaces/ILicenses.sol";
import {Role} from "../src/interfaces/IReceipts.sol";
import {ISettlement} from "../src/interfaces/ISettlement.sol";
import {Stage} from "./base/Stage.sol";
import {vm} from "./base/Vm.sol";

/// @dev What things cost, as transactions of their own: base cost and data included, nothing warmed up by what came
///      before. `npm run bench` prints it; every test run holds the worst batch to the most one transaction may use.
/// forge-config: default.isolate = true
contract BenchTest is Stage {
    /// EIP-7825, and some room for what other chains count differently.
    uint256 private constant MOST_GAS = 16_700_000;
    uint256 private constant ITEMS = 250;
    uint256 private constant LINES = 100;

    address private constant CONSOLE = 0x000000000000000000636F6e736F6c652e6c6f67;
    uint256 private _people;

    function _note(string memory what) private view returns (uint256 gas) {
        gas = vm.lastCallGas().gasTotalUsed;
        // Forge prints calls to this address with -vv.
        (bool printed,) = CONSOLE.staticcall(abi.encodeWithSignature("log(string,uint256)", what, gas));
        holds(printed, what);
    }

    /// @dev `count` licenses of as many holders, each with a channel.
    function _channels(uint256 asset, uint256 count) private returns (uint256[] memory ids) {
        uint256 terms = _offer(asset, TermsKind.METERED, 0);
        ids = new uint256[](count);
        for (uint256 i = 0; i < count; i++) {
            address person = address(uint160(0xC0FFEE00 + ++_people));
            _fund(person);
            vm.prank(person);
            ids[i] = licenses.buyAndOpen(terms, session, 0, 10e6);
        }
    }

    function _charges(uint256[] memory ids, uint128 total) private view returns (ISettlement.Item[] memory items) {
        items = new ISettlement.Item[](ids.length);
        for (uint256 i = 0; i < ids.length; i++) {
            items[i] = _item(ids[i], total, total);
        }
    }

    /// I13: 250 first charges of as many licenses, divided over 100 assets that never earned before.
    function test_the_worst_batch_fits_into_one_transaction() public {
        uint256[] memory dependencies = new uint256[](LINES);
        ISettlement.Line[] memory lines = new ISettlement.Line[](LINES);
        for (uint256 i = 0; i < LINES; i++) {
            dependencies[i] = _anAsset();
            lines[i] = ISettlement.Line(dependencies[i], uint64(i + 1));
        }
        uint256 agent = _register(0, 2500, dependencies);
        uint256[] memory ids = _channels(agent, ITEMS);
        _redeem(_group(agent, _charges(ids, 1e6), lines));
        uint256 first = _note("redeem 250 first charges, 100 first lines");
        atMost(first, MOST_GAS, "the first batch");
        _redeem(_group(agent, _charges(ids, 2e6), lines));
        atMost(_note("redeem 250 further charges, 100 lines"), first, "a further batch");
    }

    function test_250_groups_of_one_fit_too() public {
        ISettlement.Group[] memory groups = new ISettlement.Group[](ITEMS);
        uint256 first = _anAsset();
        for (uint256 i = 0; i < ITEMS; i++) {
            uint256 asset = i == 0 ? first : _register(0, 0, _none());
            groups[i] = _group(asset, _charges(_channels(asset, 1), 1e6))[0];
        }
        _redeem(groups);
        atMost(_note("redeem 250 first charges of 250 assets"), MOST_GAS, "the batch");
    }

    function _group(uint256 asset, ISettlement.Item[] memory items) private pure returns (ISettlement.Group[] memory) {
        return _group(asset, items, new ISettlement.Line[](0));
    }

    /// The figures of the licensing design for a prototype without epochs, skipping, operator or root, and a quarter more:
    /// 20 assets, as many licenses as charges, none of them the first.
    function test_what_a_charge_costs_stays_within_its_bounds() public {
        uint256[4] memory sizes = [uint256(1), 10, 100, 250];
        uint256[4] memory most = [uint256(62_500), 26_400, 18_900, 18_170];
        uint256[] memory assets = new uint256[](20);
        uint256[][] memory ids = new uint256[][](20);
        for (uint256 i = 0; i < 20; i++) {
            assets[i] = _anAsset();
            ids[i] = _channels(assets[i], 13);
        }
        uint128 total = 0;
        _redeem(_spread(assets, ids, 250, total += 1e5));
        for (uint256 i = 0; i < 4; i++) {
            _redeem(_spread(assets, ids, sizes[i], total += 1e5));
            uint256 each = _note(string.concat("redeem, different licenses: ", vm.toString(sizes[i]))) / sizes[i];
            atMost(each, most[i] * 5 / 4, "gas for a charge");
        }
        // Many charges of one license are one item: the batch costs what a batch of one costs.
        _redeem(_spread(assets, ids, 1, total += 250e3));
        atMost(_note("redeem, 250 charges of one license") / 250, uint256(250) * 5 / 4, "gas for a charge of 250");
    }

    /// @dev `count` charges, dealt out to the assets one by one.
    function _spread(uint256[] memory assets, uint256[][] memory ids, uint256 count, uint128 total)
        private
        view
        returns (ISettlement.Group[] memory groups)
    {
        groups = new ISettlement.Group[](count < assets.length ? count : assets.length);
        for (uint256 i = 0; i < groups.length; i++) {
            uint256[] memory part = new uint256[]((count + assets.length - 1 - i) / assets.length);
            for (uint256 j = 0; j < part.length; j++) {
                part[j] = ids[i][j];
            }
            groups[i] = _group(assets[i], _charges(part, total))[0];
        }
    }

    function test_everyday_calls() public {
        uint256[3] memory holders = [uint256(1), 3, 10];
        for (uint256 i = 0; i < 3; i++) {
            IAssetRegistry.Registration memory registration = _registration(0, 0, _none());
            registration.shares = new IAssetRegistry.Share[](holders[i]);
            for (uint256 h = 0; h < holders[i]; h++) {
                uint256 share = h == 0 ? 10_000 - (holders[i] - 1) * 100 : 100;
                registration.shares[h] = IAssetRegistry.Share(address(uint160(0xABC000 + h)), uint16(share), Role.DATA);
            }
            registry.register(registration);
            _note(string.concat("register, receipts: ", vm.toString(holders[i])));
        }
        uint256 asset = _anAsset();
        uint256 timed = _offer(asset, TermsKind.TIME);
        _note("offer");
        uint256 terms = _offer(asset, TermsKind.METERED);
        vm.startPrank(holder);
        uint256 license = licenses.buy(timed, holder, session, PRICE);
        _note("buy, the first");
        licenses.buy(timed, holder, session, PRICE);
        _note("buy, a further one");
        licenses.renew(license);
        _note("renew");
        license = licenses.buyAndOpen(terms, session, PRICE, 10e6);
        _note("buyAndOpen");
        settlement.topUp(license, 0, 1e6);
        _note("topUp");
        settlement.requestWithdraw(license, 0, 1e6);
        _note("requestWithdraw");
        vm.warp(block.timestamp + DELAY);
        settlement.withdraw(license, 0);
        _note("withdraw");
        licenses.setSigner(license, relayer);
        _note("setSigner");
        vm.stopPrank();
        settlement.claim(_one(asset << 64));
        _note("claim, the first");
        settlement.claimFee(_one(asset));
        _note("claimFee, the first");
    }
}
