// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/interfaces/IERC20.sol";
import {IAssetRegistry} from "../../src/interfaces/IAssetRegistry.sol";
import {ILicenses} from "../../src/interfaces/ILicenses.sol";
import {IReceipts} from "../../src/interfaces/IReceipts.sol";
import {ISettlement} from "../../src/interfaces/ISettlement.sol";
import {Checks} from "../base/Checks.sol";
import {Handler} from "./Handler.sol";

/// @dev The numbers are those of the design page. I13 is measured in Bench; I5 and I15 are fuzzed in Redeem and Forks.
contract InvariantsTest is Checks {
    Handler private handler;
    IAssetRegistry private registry;
    ILicenses private licenses;
    ISettlement private settlement;
    IReceipts private receipts;
    IERC20 private currency;

    function setUp() public {
        handler = new Handler();
        address token;
        (registry, licenses, settlement, token) = handler.contracts();
        currency = IERC20(token);
        receipts = registry.receipts();
    }

    function targetContracts() public view returns (address[] memory targets) {
        targets = new address[](1);
        targets[0] = address(handler);
    }

    struct FuzzSelector {
        address addr;
        bytes4[] selectors;
    }

    /// @dev The steps, and not what only prepares or ends a history.
    function targetSelectors() public view returns (FuzzSelector[] memory targets) {
        bytes4[] memory steps = new bytes4[](20);
        steps[0] = Handler.topUp.selector;
        steps[1] = Handler.requestWithdraw.selector;
        steps[2] = Handler.withdraw.selector;
        steps[3] = Handler.cancelWithdraw.selector;
        steps[4] = Handler.redeem.selector;
        steps[5] = Handler.redeemForged.selector;
        steps[6] = Handler.claim.selector;
        steps[7] = Handler.claimFee.selector;
        steps[8] = Handler.buyTime.selector;
        steps[9] = Handler.renew.selector;
        steps[10] = Handler.transfer.selector;
        steps[11] = Handler.setSigner.selector;
        steps[12] = Handler.freeze.selector;
        steps[13] = Handler.wait.selector;
        steps[14] = Handler.stray.selector;
        steps[15] = Handler.meddle.selector;
        steps[16] = Handler.redeem.selector;
        steps[17] = Handler.pullRoyalties.selector;
        steps[18] = Handler.buyByOrder.selector;
        steps[19] = Handler.fork.selector;
        targets = new FuzzSelector[](1);
        targets[0] = FuzzSelector(address(handler), steps);
    }

    function invariant_money_is_neither_made_nor_lost() public view {
        uint256 credited = 0;
        uint256 unpaid = 0;
        for (uint256 asset = 1; asset <= handler.ASSETS(); asset++) {
            uint256 gross = settlement.grossOf(asset);
            uint256 earned = gross + settlement.royaltyInOf(asset);
            (uint256 shared, uint256 paid) = _owed(asset);
            uint256 count = receipts.countOf(asset);
            for (uint256 i = 0; i < count; i++) {
                shared += settlement.earnedOf(asset << 64 | i);
                paid += settlement.paidOf(asset << 64 | i);
            }
            atMost(shared, earned, "I1: fee, royalties and shares of an asset");
            atMost(earned - shared, count + registry.getAsset(asset).depth, "I6: dust of an asset");
            atMost(paid, shared, "paid of an asset");
            credited += gross + settlement.poolHeldOf(asset);
            unpaid += earned - paid + settlement.poolHeldOf(asset);
        }
        same(credited, handler.ghostCharged() + handler.ghostSales(), "I1: credited is charged and sold");

        uint256 left = 0;
        for (uint256 i = 0; i < handler.meteredCount(); i++) {
            left += _left(handler.metered(i));
        }
        uint256 held = currency.balanceOf(address(settlement));
        same(held, left + unpaid + handler.ghostStray(), "I2: held is owed");
        same(held, handler.ghostIn() + handler.ghostStray() - handler.ghostOut(), "I2: held is in less out");
        same(currency.balanceOf(address(licenses)), 0, "licenses hold nothing");
    }

    /// @dev What the fee and the ancestors have earned of an asset, and were given.
    function _owed(uint256 asset) private view returns (uint256 shared, uint256 paid) {
        shared = settlement.feeOf(asset);
        paid = settlement.paidFeeOf(asset);
        IAssetRegistry.Ancestor[] memory ancestors = registry.ancestorsOf(asset);
        for (uint256 i = 0; i < ancestors.length; i++) {
            uint256 pulled = settlement.pulledOf(asset, ancestors[i].assetId);
            shared += pulled + settlement.royaltyDue(asset, ancestors[i].assetId);
            paid += pulled;
        }
    }

    function _left(uint256 license) private view returns (uint256 left) {
        for (uint64 epoch = 0; epoch <= handler.ghostEpoch(license); epoch++) {
            ISettlement.Channel memory channel = settlement.getChannel(license, epoch);
            atMost(channel.redeemed, channel.deposited, "I3: redeemed");
            same(channel.redeemed, handler.ghostRedeemed(license, epoch), "I3, I8: redeemed as the model says");
            atMost(channel.thawing, channel.deposited - channel.redeemed, "thawing");
            left += channel.deposited - channel.redeemed;
        }
    }

    function invariant_a_license_is_valid_exactly_when_the_model_says() public view {
        for (uint256 license = 1; license <= licenses.licenseCount(); license++) {
            address owner = handler.ghostOwner(license);
            same(licenses.ownerOf(license), owner, "owner");
            same(licenses.getLicense(license).epoch, handler.ghostEpoch(license), "epoch");
            same(licenses.expiresAt(license), handler.ghostExpiresAt(license), "expiry");
            uint256 asset = licenses.licenseTerms(license).assetId;
            bool expected = block.timestamp < handler.ghostExpiresAt(license) && !handler.ghostFrozen(asset);
            holds(licenses.isValid(license, owner, asset) == expected, "I9: valid");
            holds(!licenses.isValid(license, address(handler), asset), "I9: not for others");
        }
    }

    function invariant_no_work_owes_too_many_or_too_much() public view {
        for (uint256 asset = 1; asset <= registry.assetCount(); asset++) {
            IAssetRegistry.Ancestor[] memory ancestors = registry.ancestorsOf(asset);
            uint256 owed = 0;
            for (uint256 i = 0; i < ancestors.length; i++) {
                owed += ancestors[i].royaltyBps;
                atMost(i == 0 ? 1 : ancestors[i - 1].assetId + 1, ancestors[i].assetId, "older ones first");
            }
            atMost(owed, 4000, "I10: royalties");
            atMost(ancestors.length, 4, "I10: ancestors");
            same(registry.getAsset(asset).royaltyBps, owed, "I10: the sum as the asset says");
        }
    }

    function invariant_receipts_stay_where_they_were_minted() public view {
        IReceipts.Receipt memory receipt = receipts.getReceipt(3 << 64 | 2);
        same(receipt.holder, address(0x0dE1), "I7: holder");
        same(receipt.payout, address(0x0dE1), "I12: payout");
        same(receipt.shareBps, 3334, "I7: share");
        same(receipts.getApproved(3 << 64 | 2), address(0), "I7: approved");
    }

    function afterInvariant() public {
        (uint256 dust, uint256 most) = handler.drain();
        atMost(dust, most, "I6: dust after everyone has left");
    }
}
